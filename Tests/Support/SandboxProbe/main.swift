// Enters the worker's sandbox, then does what its argument says. Exits with 0 where that went through, with
// the errno where it was refused; the filter may also kill it.

import Glibc
import KotibPOSIX
import KotibWorker

func attempt(_ name: String) -> Int32 {
    switch name {
    case "nothing": 0
    case "open": open("/etc/hostname", O_RDONLY)
    case "write-file": open("/tmp/kotib-sandbox-probe", O_WRONLY | O_CREAT, 0o600)
    case "socket": socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    case "kill": kill(getppid(), 0)
    case "unlink": unlink("/tmp/kotib-sandbox-probe")
    case "executable-memory": executableMemory()
    case "execute": execute()
    case "process": spawn()
    case "thread": thread()
    case "memory": memory()
    default: exit(EX_USAGE)
    }
}

func execute() -> Int32 {
    var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
    return execve("/bin/true", &arguments, &arguments)
}

func spawn() -> Int32 {
    var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
    var child = pid_t()
    errno = posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil)
    return errno == 0 ? 0 : -1
}

/// A thread that allocates, as the engine's do.
func thread() -> Int32 {
    var thread = pthread_t()
    errno = pthread_create(&thread, nil, { _ in malloc(1 << 20) }, nil)
    return errno == 0 && pthread_join(thread, nil) == 0 ? 0 : -1
}

func executableMemory() -> Int32 {
    let page = mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return page == MAP_FAILED ? -1 : 0
}

func memory() -> Int32 {
    malloc(2 << 30) == nil ? -1 : 0
}

let name = CommandLine.arguments.dropFirst().first ?? "nothing"
do {
    let parts = try Sandbox(memoryLimit: 1 << 30).enter()
    guard parts.contains("seccomp") else { exit(EX_SOFTWARE) }
} catch {
    exit(EX_OSERR)
}
exit(attempt(name) < 0 ? errno : 0)
