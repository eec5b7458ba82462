import KotibCatalog
import KotibModel
import KotibPOSIX

/// The search for texts whose folders are not where they were, in the whole folder of their user. Its calls
/// block on the disk.
struct MovedTextSearch: Sendable {
    let files: any FileSystem

    /// Otherwise somebody removed the text alone.
    func isFolderGone(of path: InboxPath) throws(FileError) -> Bool {
        guard let folder = path.parent else { return false }
        return try files.examine(folder)?.kind != .folder
    }

    /// Whether nothing has the name, and its folder is there.
    func isRemovedAlone(_ path: InboxPath) -> Bool {
        do throws(FileError) {
            guard try files.examine(path) == nil else { return false }
            return try !isFolderGone(of: path)
        } catch {
            return false
        }
    }

    /// Looks through a user's folder once for all of `sidecars`, which are that user's.
    /// - Throws: ``FileError``, also where a folder was moved meanwhile.
    func places(of sidecars: [Sidecar], in user: UserFolder) throws(FileError) -> StrayTexts {
        var found = StrayTexts(seeking: sidecars)
        guard !sidecars.isEmpty else { return found }
        let sought = found
        try FolderWalk(files).forEachFile(below: user.path, where: sought.hasSoughtEnding) { path, status in
            found.add(path, inode: status.identity.inode)
            return true
        }
        return found
    }

    /// The places where the text may stand: the very file where that is found, or else files of its name that
    /// stand beside no recording of theirs, since most editors save a new file and rename it.
    func places(of sidecar: Sidecar, among texts: StrayTexts) throws(FileError) -> [InboxPath] {
        var (same, named): ([InboxPath], [InboxPath]) = ([], [])
        for place in texts.candidates(for: sidecar) {
            // They were found before other texts were moved.
            guard let status = try files.examine(place), status.kind == .regular else { continue }
            let isNamed = place.name == sidecar.path.name
            if isSame(sidecar, status.identity, isNamed) {
                same.append(place)
            } else if isNamed, try isAlone(sidecar, place) {
                named.append(place)
            }
        }
        return same.isEmpty ? named : same
    }

    /// A number of a file that was removed may be another's by now. Of forms other than the text an edited
    /// one is the person's own.
    private func isSame(_ sidecar: Sidecar, _ identity: FileIdentity, _ isNamed: Bool) -> Bool {
        if sidecar.isUntouched(identity) { return true }
        return sidecar.kind == .transcript && isNamed && sidecar.inode == identity.inode
    }

    /// Whether a file of the text's name has no recording beside it.
    private func isAlone(_ sidecar: Sidecar, _ place: InboxPath) throws(FileError) -> Bool {
        guard sidecar.kind == .transcript else { return false }
        guard let recording = SidecarName.recording(ofText: place) else { return false }
        return try files.examine(recording) == nil
    }
}

/// The files of one user that may be texts which are sought, by name and by inode: no others are kept.
struct StrayTexts: Sendable {
    private let sought: Set<InboxPath>
    private let endings: Set<[UInt8]>
    private var byName: [[UInt8]: [InboxPath]] = [:]
    private var byInode: [UInt64: [InboxPath]] = [:]

    init(seeking sidecars: [Sidecar]) {
        sought = Set(sidecars.map(\.path))
        endings = Set(sidecars.compactMap { Self.ending($0.path.name) })
        for sidecar in sidecars {
            byName[sidecar.path.name] = []
            byInode[sidecar.inode] = []
        }
    }

    func isSeeking(_ sidecar: Sidecar) -> Bool { sought.contains(sidecar.path) }

    func hasSoughtEnding(_ name: [UInt8]) -> Bool { Self.ending(name).map(endings.contains) ?? false }

    mutating func add(_ place: InboxPath, inode: UInt64) {
        byName[place.name]?.append(place)
        byInode[inode]?.append(place)
    }

    /// Each once.
    func candidates(for sidecar: Sidecar) -> Set<InboxPath> {
        Set((byName[sidecar.path.name] ?? []) + (byInode[sidecar.inode] ?? []))
    }

    private static func ending(_ name: [UInt8]) -> [UInt8]? {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        return Array(name[dot...])
    }
}
