import Glibc

/// How much processor time one piece of work may take: what a file costs is bounded, however it is made.
struct ProcessorBudget {
    private let now: () -> Double
    private let end: Double

    /// - Parameters:
    ///   - seconds: of processor time, from now.
    ///   - now: seconds of processor time so far.
    init(seconds: Double, now: @escaping () -> Double = ProcessorBudget.used) {
        self.now = now
        end = now() + seconds
    }

    var isSpent: Bool { now() > end }

    /// Seconds of processor time that all threads of this process have taken (clock_gettime(2)).
    static func used() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
