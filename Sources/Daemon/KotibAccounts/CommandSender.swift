import KotibModel
import KotibPrograms
import Logging

/// Runs a program for each message: the text is its standard input, the number is in `KOTIB_SMS_TO` and
/// wherever an argument has `{phone}`.
///
/// The program is started directly, without a shell. Its exit status (sysexits.h) is the result: 0 sent, 75
/// (EX_TEMPFAIL) not sent but to be retried, anything else not to be retried. Standard output is discarded;
/// the beginning of standard error is logged as a field of one line.
public struct CommandSender: SMSSender {
    public static let placeholder = "{phone}"

    private let program: String
    private let arguments: [String]
    private let limit: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - program: its whole path.
    ///   - limit: a program that runs for longer is ended.
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
        let filled = arguments.map { $0.replacing(Self.placeholder, with: phone.text) }
        let run = await Program(program, filled, limit: limit, clock: clock)
            .run([("KOTIB_SMS_TO", Array(phone.text.utf8))], input: Array(text.utf8))
        if run.errorCount > 0 { log(run, text, phone) }
        switch run.end {
        case .exited(0): return
        case .exited(Program.temporaryFailure):
            throw .transient("\(program) asks to be tried again", retryAfter: nil)
        case .exited(let status): throw .permanent("\(program) ended with status \(status)")
        case .signaled(let signal):
            throw .unknownOutcome("\(program) was ended by signal \(signal)")
        case .notStarted(let cause): throw .refused("\(program) was not run: \(cause)")
        case .outOfResources(let error): throw .transient("\(error)", retryAfter: nil)
        case .tookTooLong:
            throw .unknownOutcome("\(program) took longer than \(limit) and was killed")
        case .stopped: throw .unknownOutcome("\(program) was stopped with the daemon")
        case .unknown(let cause): throw .unknownOutcome("\(program): \(cause)")
        }
    }

    /// The program's error output may repeat the message: neither code nor number comes into the log.
    private func log(_ run: Program.Run, _ text: String, _ phone: PhoneNumber) {
        var words = String(decoding: run.errors, as: UTF8.self)
            .replacing(phone.text, with: phone.description).replacing(phone.digits, with: phone.description)
        for number in text.matches(of: /[0-9]{4,}/) { words = words.replacing(number.output, with: "…") }
        logger.log(
            level: run.end == .exited(0) ? .info : .warning, "message program wrote to standard error",
            metadata: [
                "program": "\(program)", "phone": "\(phone)", "bytes": "\(run.errorCount)",
                "errors": "\(ByteText.escaped(words.utf8))",
            ])
    }
}
