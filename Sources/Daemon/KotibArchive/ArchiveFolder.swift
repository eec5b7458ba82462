import Glibc
import KotibCatalog
import KotibIngest
import KotibModel
import KotibPOSIX

/// The folder for archived audio.
///
/// It is opened anew for each use: it may be mounted, unmounted or replaced at any time, and an open
/// descriptor would keep it from being unmounted.
package struct ArchiveFolder: Sendable {
    /// Marks a folder as an archive, as distinct from an empty mount point. Created with the first recording.
    static let marker = Array(".kotib-archive".utf8)

    /// Absolute.
    let path: String
    private let wrap: @Sendable (LocalFileSystem) -> any FileSystem

    /// - Parameter wrap: changes how the folder is seen, for tests.
    package init(
        path: String, wrap: @escaping @Sendable (LocalFileSystem) -> any FileSystem = { $0 }
    ) {
        self.path = path
        self.wrap = wrap
    }

    /// Blocks.
    /// - Throws: ENOENT if the folder is missing or has no marker.
    package func open() throws(FileError) -> any FileSystem {
        let files = try openWhateverIsThere()
        guard try files.examine(Self.marker, in: files.openFolder(nil))?.kind == .regular else {
            let name = path + "/" + String(decoding: Self.marker, as: UTF8.self)
            throw .system(SystemError(code: ENOENT, operation: "open", path: name))
        }
        return files
    }

    /// Puts the marker into the folder if it has none. Blocks.
    func begin() throws(FileError) {
        let files = try openWhateverIsThere()
        let root = try files.openFolder(nil)
        guard try files.examine(Self.marker, in: root) == nil else { return }
        try files.synchronize(files.create(Self.marker, in: root))
        try files.synchronize(root)
    }

    private func openWhateverIsThere() throws(FileError) -> any FileSystem {
        do throws(SystemError) {
            return wrap(LocalFileSystem(try InboxRoot(path: path)))
        } catch {
            throw .system(error)
        }
    }
}

extension ArchiveFolder: ArchivedAudioRemover {
    package func remove(_ audio: ArchivedAudio, of recording: Recording) throws(FileError) -> Bool {
        let files: any FileSystem
        do throws(FileError) {
            files = try open()
        } catch {
            // No such folder, or the mount point of an archive that is not mounted.
            if [ENOENT, ENOTDIR].contains(error.code) { return false }
            throw error
        }
        try ArchiveStore(files).remove(audio, of: recording)
        return true
    }

    package func mayHold(_ audio: ArchivedAudio) -> Bool {
        guard let files = try? open() else { return true }
        return (try? files.examine(audio.path)) != .some(nil)
    }
}
