import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// A good recording for which its user's quota has no room stays where it lies, with a note, and what was found in it
/// is kept: as soon as there is room it is taken without being decoded again.
extension IngestPipeline {
    /// Looked up at once; each is looked at by itself before it is taken.
    private static let readmittedAtOnce = 100

    func acceptOrWait(
        _ path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts, _ doubt: ContentDoubt
    ) async throws {
        do {
            _ = try await accept(path, identity, facts, doubt)
        } catch let rejection as Rejection {
            try await refuse(path, identity, rejection, knowing: facts, doubt)
        }
    }

    /// Takes what waits for room in a user's quota, oldest first, as long as there is some.
    /// - Throws: ``CatalogError``.
    func readmit(_ user: UserID) async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.readmissible(
                user, after: last, limit: Self.readmittedAtOnce, under: quotas)
            if page.isEmpty { return }
            for waiting in page {
                last = waiting.id
                // Those before it have taken the room: what still fits is looked up anew.
                guard await readmit(waiting) else { break }
            }
        }
    }

    /// - Returns: false where there is no room for it after all.
    private func readmit(_ waiting: WaitingRecording) async -> Bool {
        let (files, path) = (files, waiting.path)
        let found = await BlockingWork.run { try? files.examine(path) }
        // What is gone, changed or out of reach is the watcher's to tell.
        guard let status = found, status.identity == waiting.identity else { return true }
        var hasRoom = true
        await patience.untilDone(about: .settled(path, status)) {
            // Other settings may hold by now.
            guard case .inspect = policy.judge(path, status), waiting.facts.duration <= policy.maximumDuration
            else { return try await settled(path, status) }
            do {
                _ = try await accept(path, status.identity, waiting.facts)
            } catch is Rejection {
                hasRoom = false
            }
        }
        return hasRoom
    }
}
