import Glibc

/// How much processor time one piece of work may take: what a file costs is bounded, however it is made.
struct ProcessorBudget {
    private let now: () -> Double
    private let end: Double

    /// - Parameters:
    ///   - seconds: of processor time, from now.
    ///   - now: seconds of processor time so far.
    init(seconds: Double, now: @escaping () -> Double = { ProcessorBudget.used() }) {
        self.now = now
        end = now() + seconds
    }

    var isSpent: Bool { now() > end }

    /// Seconds of processor time that all threads of a process have taken (clock_gettime(2)): of this one, or
    /// of that with another clock (clock_getcpuclockid(3)).
    static func used(by clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
