import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Notices files that were removed without an event, and tells them from files that are only out of reach.
package struct PresenceSweep: Sendable {
    private static let page = 500

    private let files: any FileSystem
    private let catalog: Catalog
    private let departures: DepartureRecorder
    private let board: IssueBoard
    private let logger: Logger

    package init(
        files: any FileSystem, catalog: Catalog, departures: DepartureRecorder, board: IssueBoard,
        logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.departures = departures
        self.board = board
        self.logger = logger
    }

    func run() async throws {
        var evidence = MountEvidence()
        guard var away = try await pass(&evidence) else { return }
        if away > 0 {
            // Only now is it known which folders are to be asked about.
            evidence.mounted = []
            guard let still = try await pass(&evidence) else { return }
            away = still
        }
        if away > 0 {
            board.report(.filesAway, ["count": "\(away)"])
        } else {
            board.resolve(.filesAway)
        }
    }

    /// - Returns: how many are missing and not gone; nil where nothing can be said now.
    private func pass(_ evidence: inout MountEvidence) async throws -> Int? {
        var last: RecordingID?
        var away = 0
        while !Task.isCancelled {
            let page = try await catalog.ingest.present(after: last, limit: Self.page)
            guard let end = page.last else { return away }
            let presences = await presences(of: page)
            guard !board.isInboxInDoubt else { return nil }
            for (recording, presence) in zip(page, presences) {
                switch presence {
                case .present(let device): evidence.found(recording.path, on: device)
                case .unknown: break
                case .folder: try await departures.replacedByFolder(recording.path)
                case .missing(let place) where evidence.proves(recording, missingFrom: place):
                    try await departures.markGone(recording.path, on: nil)
                case .missing(let place):
                    evidence.questioned.insert(place)
                    away += 1
                }
            }
            last = end.id
        }
        return nil
    }

    private enum Presence: Sendable {
        /// With the device that the file lies on.
        case present(UInt64)
        /// A folder has the name.
        case folder
        case missing(Whereabouts.Place)
        case unknown
    }

    /// Whether a folder on another device than its recordings were is theirs all the same: a device may have
    /// another number after a restart of the machine, but an empty place to mount at looks alike. An older
    /// recording that is still there, in that very folder or below, tells. One in another folder does not:
    /// only this one may be a mount.
    private struct MountEvidence {
        /// Places from which recordings are missing that were on another device.
        var questioned: Set<Whereabouts.Place> = []
        /// Those of them where an older one was found.
        var mounted: Set<Whereabouts.Place> = []

        mutating func found(_ path: InboxPath, on device: UInt64) {
            guard !questioned.isEmpty else { return }
            var folder = path.parent
            repeat {
                let place = Whereabouts.Place(folder: folder, device: device)
                if questioned.contains(place) { mounted.insert(place) }
                if folder == nil { return }
                folder = folder?.parent
            } while true
        }

        func proves(_ recording: PresentRecording, missingFrom place: Whereabouts.Place) -> Bool {
            recording.identity.device == place.device || mounted.contains(place)
        }
    }

    /// A recording that cannot be looked at (a folder that its owner closed, a bad sector) counts as present,
    /// and the others are looked at all the same.
    private func presences(of page: [PresentRecording]) async -> [Presence] {
        let files = files
        let (presences, unclear) = await BlockingWork.run {
            let whereabouts = Whereabouts(files: files)
            var unclear: [(path: InboxPath, cause: FileError)] = []
            let presences = page.map { recording -> Presence in
                do throws(FileError) {
                    if let status = try files.examine(recording.path) {
                        if status.kind == .folder { return .folder }
                        return .present(status.identity.device)
                    }
                    return .missing(try whereabouts.place(of: recording.path))
                } catch {
                    unclear.append((recording.path, error))
                    return .unknown
                }
            }
            return (presences, unclear)
        }
        if let first = unclear.first {
            logger.warning(
                "cannot tell whether recordings are still there",
                metadata: ["file": "\(first.path)", "cause": "\(first.cause)", "count": "\(unclear.count)"])
        }
        return presences
    }
}
