import KotibCatalog
import KotibModel
import KotibPOSIX

extension SidecarWriter {
    /// The words that stand beside the place of a recording that the catalog does not know, under a name that Kotib
    /// gives to them: after a rebuild they are that recording's. Nil where there are none, or none that
    /// the folder's people could have read themselves.
    public func standingWords(beside recording: InboxPath) async -> StandingWords? {
        let files = files
        return await BlockingWork.run {
            // The second name is nobody's but Kotib's.
            for path in SidecarName.candidates(for: recording, kind: .transcript).reversed() {
                if let words = Self.standingWords(at: path, files) { return words }
            }
            return nil
        }
    }

    private static func standingWords(at path: InboxPath, _ files: any FileSystem) -> StandingWords? {
        guard let status = try? files.examine(path), status.kind == .regular, status.links == 1,
            status.identity.size <= Int64(SidecarText.longest),
            let opened = try? files.openForReading(path), opened.status.identity == status.identity,
            (try? files.isReadableInItsFolder(path, opened.file, opened.status)) == true,
            let bytes = try? opened.file.read(upTo: SidecarText.longest + 1),
            (try? files.status(of: opened.file))?.identity == status.identity,
            let words = SidecarText.words(bytes)
        else { return nil }
        return StandingWords(
            path: path, identity: status.identity, text: words, hash: SidecarText.hash(words))
    }
}
