import HTTPTypes
import KotibControlProtocol
import KotibModel
import KotibText

extension ControlFailure {
    /// The same for a missing recording and for another user's: nobody learns which ids exist.
    static let noRecording = ControlFailure(.notFound, .notFound, .noRecording)

    /// The file system of the audio is not mounted, or its folder may not be entered.
    static let audioUnreachable = ControlFailure.later(
        .serviceUnavailable, .unavailable, .audioUnreachable, seconds: 60)

    /// The reason why there is no transcript: it is pending, or there will be none.
    static func withoutTranscript(_ state: RecordingState) -> ControlFailure {
        switch state {
        case .pending, .processing: ControlFailure(.conflict, .wrongState, .transcriptPending)
        case .completed, .failed, .rejected: ControlFailure(.notFound, .notFound, .noTranscript)
        }
    }
}
