import KotibCatalog
import KotibModel
import Synchronization

/// What was told of recordings that cannot be archived: to tell it once.
final class ToldFaults: Sendable {
    private struct Told {
        var fault: ArchiveFault
        var identity: FileIdentity?
    }

    private let told = Mutex<[RecordingID: Told]>([:])

    /// - Returns: false where it was told already.
    func insert(_ fault: ArchiveFault, _ id: RecordingID, _ recording: Recording?) -> Bool {
        let new = Told(fault: fault, identity: recording?.identity)
        return told.withLock { $0.updateValue(new, forKey: id)?.fault != fault }
    }

    /// Whether its file is the one that does not hold what was transcribed: to copy it again would not help.
    func isHopeless(_ recording: Recording) -> Bool {
        told.withLock { $0[recording.id] }.map {
            $0.fault == .mismatch && $0.identity == recording.identity
        } ?? false
    }

    func removeAll() { told.withLock { $0 = [:] } }
}
