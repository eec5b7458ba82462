import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Finds files that were removed without an event, as distinct from files that are only unreachable.
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

    /// - Returns: whether the inbox is there: some recording was found in it.
    func run() async throws -> Bool {
        var evidence = MountEvidence()
        guard var unreachable = try await pass(&evidence) else { return false }
        if unreachable > 0 {
            // Only now is it known which folders are to be asked about.
            evidence.mounted = []
            guard let still = try await pass(&evidence) else { return false }
            unreachable = still
        }
        if unreachable > 0 {
            board.report(.filesUnreachable, ["count": "\(unreachable)"])
        } else {
            board.resolve(.filesUnreachable)
        }
        return evidence.hasFound
    }

    /// - Returns: the number of files that are missing but not removed; nil if that cannot be determined now.
    private func pass(_ evidence: inout MountEvidence) async throws -> Int? {
        var last: RecordingID?
        var unreachable = 0
        while !Task.isCancelled {
            let page = try await catalog.ingest.present(after: last, limit: Self.page)
            guard let end = page.last else { return unreachable }
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
                    unreachable += 1
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
        case missing(FileReachability.Place)
        case unknown
    }

    /// Evidence that a folder on another device than its recordings still holds them: a device may get
    /// another number after a reboot, but an empty mount point looks the same. An older recording that still
    /// exists in that very folder or below it is evidence. One in another folder is not: only this one may be
    /// a mount point.
    private struct MountEvidence {
        /// Places from which recordings are missing that were on another device.
        var questioned: Set<FileReachability.Place> = []
        /// Those of them where an older one was found.
        var mounted: Set<FileReachability.Place> = []
        private(set) var hasFound = false

        mutating func found(_ path: InboxPath, on device: UInt64) {
            hasFound = true
            guard !questioned.isEmpty else { return }
            var folder = path.parent
            repeat {
                let place = FileReachability.Place(folder: folder, device: device)
                if questioned.contains(place) { mounted.insert(place) }
                if folder == nil { return }
                folder = folder?.parent
            } while true
        }

        func proves(_ recording: PresentRecording, missingFrom place: FileReachability.Place) -> Bool {
            recording.identity.device == place.device || mounted.contains(place)
        }
    }

    /// A recording that cannot be examined (in a folder that its owner closed, or on a bad sector) counts as
    /// present, and the others are examined all the same.
    private func presences(of page: [PresentRecording]) async -> [Presence] {
        let files = files
        let (presences, unclear) = await BlockingWork.run {
            let reachability = FileReachability(files: files)
            var unclear: [(path: InboxPath, cause: FileError)] = []
            let presences = page.map { recording -> Presence in
                do throws(FileError) {
                    if let status = try files.examine(recording.path) {
                        if status.kind == .folder { return .folder }
                        return .present(status.identity.device)
                    }
                    return .missing(try reachability.place(of: recording.path))
                } catch {
                    unclear.append((recording.path, error))
                    return .unknown
                }
            }
            return (presences, unclear)
        }
        if let first = unclear.first {
            logger.warning(
                "cannot check whether recordings still exist",
                metadata: ["file": "\(first.path)", "cause": "\(first.cause)", "count": "\(unclear.count)"])
        }
        return presences
    }
}
