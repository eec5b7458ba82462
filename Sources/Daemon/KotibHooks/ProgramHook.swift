import KotibCatalog
import KotibModel
import KotibPrograms
import Logging

/// Runs a program for each event, with the facts in its environment and the whole event as JSON on its
/// standard input.
///
/// Its exit status (sysexits.h) is the result: 0 delivered, 75 (EX_TEMPFAIL) to be retried; anything else,
/// also a signal or a timeout, not to be retried.
public struct ProgramHook: HookReceiving {
    public let name = HookReceiver.program

    private let path: String
    private let program: Program
    private let inbox: String
    private let limit: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - path: its whole path.
    ///   - inbox: below which `KOTIB_FILE` lies.
    ///   - limit: a program that runs for longer is ended.
    public init(
        _ path: String, _ arguments: [String], inbox: String, limit: Duration,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.path = path
        self.inbox = inbox
        self.limit = limit
        self.logger = logger
        program = Program(path, arguments, limit: limit, clock: clock)
    }

    public func deliver(_ message: HookMessage) async -> HookOutcome {
        let run = await program.run(environment(message), input: message.json)
        if run.errorCount > 0 { log(run, message) }
        switch run.end {
        case .exited(0): return .delivered
        case .exited(Program.temporaryFailure):
            return .later("\(path) asks to be tried again (exit status 75)", retryAfter: nil)
        case .exited(let status): return .failed("\(path) ended with status \(status)")
        case .signaled(let signal): return .failed("\(path) was ended by signal \(signal)")
        case .tookTooLong: return .failed("\(path) took longer than \(limit) and was ended")
        case .notStarted(let cause): return .later("\(path) was not run: \(cause)", retryAfter: nil)
        case .outOfResources(let error): return .later("\(path) was not run: \(error)", retryAfter: nil)
        case .unknown(let cause): return .failed("\(path): \(cause)")
        case .stopped: return .stopped
        }
    }

    /// All variables are always set, to an empty value where there is none.
    private func environment(_ message: HookMessage) -> [(name: String, value: [UInt8])] {
        let (event, facts) = (message.event, message.event.facts)
        let texts = [
            ("KOTIB_EVENT", event.kind.rawValue), ("KOTIB_EVENT_ID", event.id),
            ("KOTIB_TIME", Timestamp.text(event.time)), ("KOTIB_RECORDING", "\(event.recording)"),
            ("KOTIB_STATUS", event.kind.rawValue), ("KOTIB_SIZE", "\(facts.fileSize)"),
            ("KOTIB_DURATION", facts.duration.map { "\($0)" }), ("KOTIB_LANGUAGE", facts.language),
            ("KOTIB_ENGINE", facts.engine), ("KOTIB_MODEL", facts.model),
            ("KOTIB_ERROR_CODE", facts.errorCode),
            ("KOTIB_ERROR", facts.errorMessage.map { String($0.prefix(Self.longestError)) }),
            ("KOTIB_INBOX", inbox),
        ]
        return texts.map { ($0.0, Array(($0.1 ?? "").utf8)) } + [
            ("KOTIB_USER", message.user?.bytes ?? []), ("KOTIB_FILE", event.path.bytes),
        ]
    }

    /// Characters: far below what execve(2) takes for one variable (MAX_ARG_STRLEN, 128 KiB).
    private static let longestError = 4096

    private func log(_ run: Program.Run, _ message: HookMessage) {
        logger.log(
            level: run.end == .exited(0) ? .info : .warning, "hook program wrote to standard error",
            metadata: [
                "program": "\(path)", "event": "\(message.event.id)", "bytes": "\(run.errorCount)",
                "errors": "\(ByteText.escaped(run.errors))",
            ])
    }
}
