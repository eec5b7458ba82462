import Glibc
import KotibModel
import KotibPOSIX
import Logging
import Subprocess
import SystemPackage

/// Runs a program for each message: the text is its standard input, the number is in `KOTIB_SMS_TO` and wherever
/// an argument has `{phone}`.
///
/// The program is started directly, without a shell. It says by its exit status what became of the message
/// (sysexits.h): 0 sent, 75 (EX_TEMPFAIL) not sent but worth another try, anything else never to be sent. Standard
/// output is thrown away; the beginning of standard error becomes a field of one line of the log.
public struct CommandSender: SMSSender {
    public static let placeholder = "{phone}"
    /// EX_TEMPFAIL of sysexits(3head).
    static let temporaryFailure: Int32 = 75

    private let program: String
    private let arguments: [String]
    private let limit: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - program: its whole path.
    ///   - limit: a program that runs for longer is killed.
    public init(
        program: String, arguments: [String], limit: Duration = .seconds(30),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.program = program
        self.arguments = arguments
        self.limit = limit
        self.clock = clock
        self.logger = logger
    }

    public func send(_ text: String, to phone: PhoneNumber) async throws(SMSError) {
        let (input, errors, programsEnd): (Int32, BoundedErrors, Int32)
        do throws(SystemError) {
            (errors, programsEnd) = try BoundedErrors.open()
            do throws(SystemError) {
                input = try Self.connection(holding: text)
            } catch {
                close(programsEnd)
                throw error
            }
        } catch {
            throw .transient("\(error)", retryAfter: nil)
        }
        let (result, beginning, count) = await errors.collect { await run(input, programsEnd, phone) }
        if count > 0 { log(beginning, count, result, text, phone) }
        switch result {
        case .success(.exited(0)): return
        case .success(.exited(Self.temporaryFailure)):
            throw .transient("\(program) asks to be tried again", retryAfter: nil)
        case .success(.exited(let status)): throw .permanent("\(program) ended with status \(status)")
        case .success(.signaled(let signal)):
            throw .unknownOutcome("\(program) was ended by signal \(signal)")
        case .failure(let error): throw error
        }
    }

    /// What the program says of a failure may repeat the message: neither code nor number comes into the log.
    private func log(
        _ beginning: [UInt8], _ count: Int, _ result: Result<TerminationStatus, SMSError>, _ text: String,
        _ phone: PhoneNumber
    ) {
        var words = String(decoding: beginning, as: UTF8.self)
            .replacing(phone.text, with: phone.description).replacing(phone.digits, with: phone.description)
        for number in text.matches(of: /[0-9]{4,}/) { words = words.replacing(number.output, with: "…") }
        let isSent = if case .success(.exited(0)) = result { true } else { false }
        logger.log(
            level: isSent ? .info : .warning, "the message program wrote errors",
            metadata: [
                "program": "\(program)", "phone": "\(phone)", "bytes": "\(count)",
                "errors": "\(ByteText.escaped(words.utf8))",
            ])
    }

    /// The program's end, or why there is none.
    private func run(_ input: Int32, _ errors: Int32, _ phone: PhoneNumber) async -> Result<
        TerminationStatus, SMSError
    > {
        await withTaskGroup(of: Result<TerminationStatus, SMSError>?.self) { group in
            group.addTask { await start(input, errors, phone) }
            group.addTask {
                guard (try? await clock.sleep(for: limit)) != nil else { return nil }
                return .failure(.unknownOutcome("\(program) took longer than \(limit) and was killed"))
            }
            // Whichever comes first; the other is cancelled, which kills the program and waits for its end.
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(.unknownOutcome("\(program) was stopped with the daemon"))
        }
    }

    private func start(_ input: Int32, _ errors: Int32, _ phone: PhoneNumber) async -> Result<
        TerminationStatus, SMSError
    > {
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)),
                arguments: Arguments(arguments.map { $0.replacing(Self.placeholder, with: phone.text) }),
                environment: .custom([
                    "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "KOTIB_SMS_TO": phone.text,
                ]),
                input: .fileDescriptor(FileDescriptor(rawValue: input), closeAfterSpawningProcess: true),
                output: .discarded,
                error: .fileDescriptor(FileDescriptor(rawValue: errors), closeAfterSpawningProcess: true))
            return .success(result.terminationStatus)
        } catch let error as SubprocessError
            where [.executableNotFound, .spawnFailed].contains(error.code)
        {
            return .failure(.refused("\(program) was not run: \(error)"))
        } catch {
            return .failure(.unknownOutcome("\(program): \(error)"))
        }
    }

    /// The end to read of a connection that holds all of `text`, so that a program that does not read it breaks
    /// nothing. A pair of sockets serves as a pipe: Swift does not see pipe2(2), and pipe(2) cannot close on exec.
    private static func connection(holding text: String) throws(SystemError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemError.check("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        let (input, output) = (ends[0], OpenFile(owning: ends[1]))
        let bytes = Array(text.utf8)
        // Far below what a socket holds (socket(7), SO_SNDBUF), so that this never waits for a reader.
        guard bytes.count <= 4096, write(output.descriptor, bytes, bytes.count) == bytes.count else {
            close(input)
            throw SystemError(code: EMSGSIZE, operation: "write", path: "the message")
        }
        return input
    }
}
