import KotibText
import KotibTranscription
import KotibWorkerClient

extension EngineError {
    /// A full line of jobs moves on soon.
    private static let soon = Duration.seconds(5)

    /// The error of a recording whose worker failed.
    /// - Parameter sentence: makes the message from the description of the failure.
    init(_ error: WorkerError, withServerMessage sentence: (String) -> Sentence) {
        let message = sentence("\(error)")
        self =
            switch error {
            case .died, .stalled, .overdue, .protocolViolation: .poison(message: message)
            case .couldNotStart(_, let retryAfter): .unavailable(message: message, retryAfter: retryAfter)
            case .stopped: .unavailable(message: message, retryAfter: nil)
            case .busy: .transient(message: message, retryAfter: Self.soon)
            case .cancelled: .cancelled
            }
    }
}
