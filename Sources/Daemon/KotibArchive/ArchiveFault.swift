import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Synchronization

/// Audio was not archived and is where it was.
enum ArchiveFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The archive itself cannot be used: nothing can be archived.
    case archive(FileError)
    /// It is this recording alone.
    case recording(FileError)
    /// The copy does not hold what was transcribed.
    case mismatch

    /// Of a step in the archive.
    init(_ error: FileError) {
        let code = error.code ?? 0
        let isOfAll = [
            ENOSPC, EDQUOT, EROFS, EIO, ENODEV, ENXIO, ESTALE, ETIMEDOUT, ENOTCONN, EMFILE, ENFILE, ENOMEM,
        ].contains(code)
        self = isOfAll ? .archive(error) : .recording(error)
    }

    static func ofArchive<Value>(_ step: () throws(FileError) -> Value) throws(ArchiveFault) -> Value {
        do throws(FileError) { return try step() } catch { throw ArchiveFault(error) }
    }

    static func ofRecording<Value>(_ step: () throws(FileError) -> Value) throws(ArchiveFault) -> Value {
        do throws(FileError) { return try step() } catch { throw .recording(error) }
    }

    var description: String {
        switch self {
        case .archive(let error), .recording(let error): error.description
        case .mismatch: "the file does not hold what was transcribed (its SHA-256 is another)"
        }
    }
}

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
