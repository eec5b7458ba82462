import KotibModel

/// A scan that has come to a user whose names have no room stays there until they have. Meanwhile the others are
/// looked after, or a flood of one user's would hide what a lost event would have told of another's.
extension InboxWatcher {
    /// How often there is a look at who waits for room, though nothing rings.
    private static let patience = Duration.milliseconds(500)

    /// - Returns: false where the task is cancelled.
    func waitForRoom(for path: InboxPath) async -> Bool {
        let owner = Crowd.owner(of: path)
        var next = elapsed()
        while !hasRoom(for: path) {
            events.ring()
            if elapsed() >= next {
                let start = elapsed()
                heldUp = owner
                await scanAside()
                heldUp = nil
                // A look that takes long comes less often.
                next = elapsed() + max(Self.patience / 5, (elapsed() - start) * 4)
            }
            guard !Task.isCancelled else { return false }
            room.ring(after: Self.patience, clock)
            guard await room.wait() else { return false }
        }
        return true
    }

    /// Whether the folder is that of the user who waits for room.
    func isHeldUp(_ folder: FolderID) -> Bool {
        guard let heldUp else { return false }
        return (tree.path(folder).map { $0.user } ?? []) == heldUp
    }

    /// All that is due for others than the one who waits. That it was done is told by the scan that is due after.
    private func scanAside() async {
        for folder in agenda.takeFolders(where: { !self.isHeldUp($0) }) { await scan(from: folder) }
        if agenda.takePoll(now: elapsed()) { await pollFolders() }
        guard agenda.isFullScanDue(now: elapsed()) else { return }
        for top in await visit(tree.root, files: heldUp != []) where !isHeldUp(top.id) {
            await walk(from: top.id) { await self.visit($0, files: true).map(\.id) }
        }
    }
}
