import CSandbox
import Glibc
import KotibPOSIX

/// Reduces the privileges of this process to those that work on received descriptors needs. Irreversible.
package struct Sandbox {
    /// Bytes of address space (RLIMIT_AS, setrlimit(2)).
    package var memoryLimit: UInt64

    /// Descriptors: three standard ones, and those that come with requests.
    private static let maxFiles: UInt64 = 64

    package init(memoryLimit: UInt64) {
        self.memoryLimit = memoryLimit
    }

    /// Enters; everything that opens a file must have happened before.
    /// - Returns: which parts hold. Landlock is missing on kernels without it, `oom_score_adj` where /proc
    ///   is.
    /// - Throws: ``SystemError`` where a part that every supported kernel has cannot be had.
    package func enter() throws(SystemError) -> [String] {
        var parts: [String] = []
        // Writing to a log that is a regular file must fail (RLIMIT_FSIZE), not kill; the same for a closed
        // pipe.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        if Self.offerToOutOfMemoryKiller() { parts.append("oom_score_adj") }
        try SystemError.check("prctl PR_SET_NO_NEW_PRIVS") { kotib_set_no_new_privs() }
        parts.append("no_new_privs")
        try SystemError.check("prctl PR_SET_DUMPABLE") { kotib_set_not_dumpable() }
        parts.append("not_dumpable")
        try SystemError.check("capset") { kotib_drop_capabilities() }
        parts.append("no_capabilities")
        try setLimits()
        parts.append("rlimits")
        if try SystemError.check("landlock_restrict_self", nil, { kotib_landlock_deny_all() }) > 0 {
            parts.append("landlock")
        }
        try SystemCallFilter().load()
        parts.append("seccomp")
        return parts
    }

    private func setLimits() throws(SystemError) {
        let limits = [
            (KOTIB_LIMIT_CORE, 0), (KOTIB_LIMIT_FILE_SIZE, 0), (KOTIB_LIMIT_FILES, Self.maxFiles),
            (KOTIB_LIMIT_ADDRESS_SPACE, memoryLimit),
        ]
        for (resource, limit) in limits {
            try SystemError.check("setrlimit") { kotib_set_limit(resource, limit) }
        }
    }

    /// When memory runs out the kernel should take this process, whose work the daemon can repeat (proc(5)).
    private static func offerToOutOfMemoryKiller() -> Bool {
        let descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return write(descriptor, "800", 3) == 3
    }
}
