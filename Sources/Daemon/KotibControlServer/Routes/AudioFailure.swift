import HTTPTypes
import KotibControlProtocol
import KotibModel
import KotibText

extension ControlFailure {
    /// The same for another's recording as for none: nobody learns which numbers are taken.
    static let noRecording = ControlFailure(.notFound, .notFound, .noRecording)

    /// The file system of the audio is not mounted, or its folder may not be entered.
    static let audioOutOfReach = ControlFailure.later(
        .serviceUnavailable, .unavailable, .audioOutOfReach, seconds: 60)

    /// Why there are no words: they are still to come, or will not.
    static func withoutTranscript(_ state: RecordingState) -> ControlFailure {
        switch state {
        case .pending, .processing: ControlFailure(.conflict, .wrongState, .notYet)
        case .completed, .failed, .rejected: ControlFailure(.notFound, .notFound, .noTranscript)
        }
    }
}
