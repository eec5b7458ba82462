import KotibText
import KotibTranscription
import KotibWorkerClient

extension EngineError {
    /// A full line of jobs moves on soon.
    private static let soon = Duration.seconds(5)

    /// The meaning of a worker's end for the recording that it was given.
    /// - Parameter sentence: of the worker's end.
    init(_ error: WorkerError, told sentence: (String) -> Sentence) {
        let message = sentence("\(error)")
        self =
            switch error {
            case .died, .stalled, .overdue, .breach: .poison(message: message)
            case .couldNotStart(_, let retryAfter): .unavailable(message: message, retryAfter: retryAfter)
            case .stopped: .unavailable(message: message, retryAfter: nil)
            case .busy: .transient(message: message, retryAfter: Self.soon)
            case .cancelled: .cancelled
            }
    }
}
