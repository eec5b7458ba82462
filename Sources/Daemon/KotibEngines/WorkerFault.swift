import KotibTranscription
import KotibWorkerClient

extension EngineError {
    /// A full line of jobs moves on soon.
    private static let soon = Duration.seconds(5)

    /// The meaning of a worker's end for the recording that it was given.
    /// - Parameter worker: begins the sentence, as "The transcribing worker".
    init(_ error: WorkerError, of worker: String) {
        let message = "\(worker) \(error)."
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
