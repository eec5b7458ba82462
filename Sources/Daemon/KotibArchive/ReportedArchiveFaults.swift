import KotibCatalog
import KotibModel
import Synchronization

/// The logged faults of recordings that cannot be archived. Each is logged once.
final class ReportedArchiveFaults: Sendable {
    private struct Entry {
        var fault: ArchiveFault
        var identity: FileIdentity?
    }

    private let entries = Mutex<[RecordingID: Entry]>([:])

    /// - Returns: false where it was there already.
    func insert(_ fault: ArchiveFault, _ id: RecordingID, _ recording: Recording?) -> Bool {
        let new = Entry(fault: fault, identity: recording?.identity)
        return entries.withLock { $0.updateValue(new, forKey: id)?.fault != fault }
    }

    /// Whether the recording's file is still the one that differs from the transcribed file, so that another
    /// copy would not help.
    func isPermanent(_ recording: Recording) -> Bool {
        entries.withLock { $0[recording.id] }.map {
            $0.fault == .mismatch && $0.identity == recording.identity
        } ?? false
    }

    func removeAll() { entries.withLock { $0 = [:] } }
}
