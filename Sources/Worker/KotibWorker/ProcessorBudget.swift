import Glibc

/// The processor time that one piece of work may take, which bounds the cost of any file.
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

    /// Seconds of processor time of all threads: of this process (clock_gettime(2)), or of another by its
    /// clock (clock_getcpuclockid(3)).
    static func used(by clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
