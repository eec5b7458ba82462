import Glibc
import KotibPOSIX
import Testing

/// System calls that the sandbox refuses, tried by a program that has entered it.
@Suite struct SandboxTests {
    private func attempt(_ what: String) throws -> ExitStatus {
        let program = try BuiltWorker.path("kotib-sandbox-probe")
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup(what), nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        try #require(posix_spawn(&child, program, nil, nil, &arguments, environ) == 0)
        defer { waitpid(child, nil, 0) }
        return try ExitStatus(of: child)
    }

    @Test(arguments: ["nothing", "thread"])
    func requiredSystemCallsAreAllowed(_ what: String) throws {
        #expect(try attempt(what) == .exited(0))
    }

    @Test(arguments: ["open", "write-file"])
    func filesAreRefused(_ what: String) throws {
        #expect(try attempt(what) == .exited(EACCES))
    }

    @Test(arguments: ["socket", "kill", "unlink", "executable-memory", "execute", "process"])
    func theRestKills(_ what: String) throws {
        #expect(try attempt(what) == .signalled(SIGSYS))
    }

    @Test func memoryIsLimited() throws {
        #expect(try attempt("memory") == .exited(ENOMEM))
    }
}
