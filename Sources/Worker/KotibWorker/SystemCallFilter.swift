import CSandbox
import Glibc
import KotibPOSIX

/// The system calls that a sandboxed worker may make (seccomp(2), by libseccomp). Everything else kills it.
struct SystemCallFilter {
    /// Allowed with any argument: memory, threads, time, reading what is open.
    private static let allowed = [
        "brk", "close", "clock_getres", "clock_gettime", "clock_nanosleep", "exit", "exit_group", "fstat",
        "futex",
        "getcpu", "getpid", "getrandom", "getrusage", "gettid", "gettimeofday", "lseek", "madvise",
        "membarrier",
        "mremap", "munmap", "nanosleep", "poll", "ppoll", "pread64", "read", "restart_syscall", "rseq",
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_getparam",
        "sched_getscheduler", "sched_yield", "set_robust_list", "sigaltstack", "sysinfo", "times",
    ]

    /// Refused without harm, for libraries that ask and go on: glibc's malloc looks into /proc when it gives
    /// memory back, OpenMP counts processors in /sys, and stdio asks whether standard error is a terminal.
    private static let refused = [
        "access", "faccessat", "faccessat2", "fcntl", "getcwd", "getdents64", "open", "openat", "openat2",
        "readlink", "readlinkat", "stat",
        "statx",
    ]

    /// Allowed where each condition holds.
    private static func conditional() -> [(call: String, conditions: [scmp_arg_cmp])] {
        [
            // The socket to the daemon, and the log.
            ("recvmsg", [equal(0, 0)]),
            ("sendmsg", [equal(0, 0)]),
            ("write", [equal(0, 2)]),
            ("writev", [equal(0, 2)]),
            // fstat(2) as glibc 2.33 to 2.38 write it.
            ("newfstatat", [masked(3, KOTIB_AT_EMPTY_PATH, KOTIB_AT_EMPTY_PATH)]),
            // Memory that is never code.
            ("mmap", [masked(2, KOTIB_PROT_EXEC, 0)]),
            ("mprotect", [masked(2, KOTIB_PROT_EXEC, 0)]),
            // Threads, never processes.
            ("clone", [masked(0, KOTIB_CLONE_THREAD_FLAGS, KOTIB_CLONE_THREAD_FLAGS)]),
            // libdispatch gives its threads their priority; only one's own thread (who = 0, setpriority(2)).
            ("setpriority", [equal(0, 0), equal(1, 0)]),
            ("prctl", [equal(0, KOTIB_PR_SET_NAME)]),
            ("prctl", [equal(0, KOTIB_PR_GET_NAME)]),
            ("prctl", [equal(0, KOTIB_PR_SET_VMA)]),
            // abort(3): signals to this process only.
            ("tgkill", [equal(0, UInt64(getpid()))]),
            // Reading own limits, for the size of stacks.
            ("prlimit64", [equal(0, 0), equal(2, 0)]),
        ]
    }

    /// Puts the filter on all threads of this process.
    /// - Throws: ``SystemError`` with what libseccomp says; EINVAL where the kernel has no seccomp filters.
    func load() throws(SystemError) {
        guard let filter = seccomp_init(KOTIB_KILL) else {
            throw SystemError(code: ENOMEM, operation: "seccomp_init")
        }
        defer { seccomp_release(filter) }
        try check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, KOTIB_KILL), "seccomp_attr_set")
        try check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1), "seccomp_attr_set")
        for call in Self.allowed { try add(filter, KOTIB_ALLOW, call) }
        for call in Self.refused { try add(filter, KOTIB_SAY_EACCES, call) }
        for rule in Self.conditional() { try add(filter, KOTIB_ALLOW, rule.call, rule.conditions) }
        try add(filter, KOTIB_SAY_ENOTTY, "ioctl")
        // Its flags lie in memory that a filter cannot read; glibc then takes clone(2), whose flags it can.
        try add(filter, KOTIB_SAY_ENOSYS, "clone3")
        try check(seccomp_load(filter), "seccomp_load")
    }

    private func add(
        _ filter: scmp_filter_ctx, _ action: UInt32, _ call: String, _ conditions: [scmp_arg_cmp] = []
    ) throws(SystemError) {
        let number = seccomp_syscall_resolve_name(call)
        let added = seccomp_rule_add_array(filter, action, number, UInt32(conditions.count), conditions)
        try check(added, "seccomp_rule_add \(call)")
    }

    private func check(_ result: Int32, _ operation: String) throws(SystemError) {
        if result < 0 { throw SystemError(code: -result, operation: operation) }
    }

    private static func equal(_ argument: UInt32, _ value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
    }

    private static func masked(_ argument: UInt32, _ mask: UInt64, _ value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
    }
}
