import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Notices what was removed without an event, and tells it from what is only out of reach.
extension Recovery {
    private static let page = 500

    func sweep() async throws {
        var clues = Clues()
        guard var away = try await pass(&clues) else { return }
        if away > 0 {
            // Only now is it known which folders are to be asked about.
            clues.answered = []
            guard let still = try await pass(&clues) else { return }
            away = still
        }
        if away > 0 {
            board.report(.filesAway, ["count": "\(away)"])
        } else {
            board.resolve(.filesAway)
        }
    }

    /// - Returns: how many are missing and not gone; nil where nothing can be said now.
    private func pass(_ clues: inout Clues) async throws -> Int? {
        var last: RecordingID?
        var away = 0
        while !Task.isCancelled {
            let page = try await catalog.present(after: last, limit: Self.page)
            guard let end = page.last else { return away }
            let looks = await look(at: page)
            guard !isInboxInDoubt else { return nil }
            for (recording, look) in zip(page, looks) {
                switch look {
                case .there(let device): clues.found(recording.path, on: device)
                case .unclear: break
                case .folder: try await folderStands(at: recording.path)
                case .missing(let place) where clues.tell(recording, missingFrom: place):
                    try await markGone(recording.path, on: nil)
                case .missing(let place):
                    clues.asked.insert(place)
                    away += 1
                }
            }
            last = end.id
        }
        return nil
    }

    private enum Look: Sendable {
        /// With the device that it lies on.
        case there(UInt64)
        /// A folder has the name.
        case folder
        case missing(Whereabouts.Place)
        case unclear
    }

    /// Whether a folder on another device than its recordings were is theirs all the same: a device may have another
    /// number after a restart of the machine, but an empty place to mount at looks alike. An older recording that is
    /// still there, in that very folder or below, tells. One in another folder does not: only this one may be a mount.
    private struct Clues {
        /// Where recordings are missing that were on another device.
        var asked: Set<Whereabouts.Place> = []
        /// Those of them where an older one was found.
        var answered: Set<Whereabouts.Place> = []

        mutating func found(_ path: InboxPath, on device: UInt64) {
            guard !asked.isEmpty else { return }
            var folder = path.parent
            repeat {
                let place = Whereabouts.Place(folder: folder, device: device)
                if asked.contains(place) { answered.insert(place) }
                if folder == nil { return }
                folder = folder?.parent
            } while true
        }

        func tell(_ recording: PresentRecording, missingFrom place: Whereabouts.Place) -> Bool {
            recording.identity.device == place.device || answered.contains(place)
        }
    }

    /// What becomes of each. Where one cannot be looked at (a folder that its owner closed, a bad sector) it counts
    /// as there, and the others are looked at all the same.
    private func look(at page: [PresentRecording]) async -> [Look] {
        let files = files
        let (looks, unclear) = await BlockingWork.run {
            let whereabouts = Whereabouts(files: files)
            var unclear: [(path: InboxPath, cause: FileError)] = []
            let looks = page.map { recording -> Look in
                do throws(FileError) {
                    if let status = try files.examine(recording.path) {
                        if status.kind == .folder { return .folder }
                        return .there(status.identity.device)
                    }
                    return .missing(try whereabouts.place(of: recording.path))
                } catch {
                    unclear.append((recording.path, error))
                    return .unclear
                }
            }
            return (looks, unclear)
        }
        if let first = unclear.first {
            logger.warning(
                "cannot tell whether recordings are still there",
                metadata: ["file": "\(first.path)", "cause": "\(first.cause)", "count": "\(unclear.count)"])
        }
        return looks
    }
}
