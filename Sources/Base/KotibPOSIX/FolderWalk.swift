import Glibc
import KotibModel

/// Visits the files below a folder. Its calls block on the disk.
public struct FolderWalk: Sendable {
    /// Names read at once.
    private static let batch = 1000

    private let files: any FileSystem

    public init(_ files: any FileSystem) {
        self.files = files
    }

    /// Calls `body` with each regular file below a folder, without hidden names, in no order. A folder below
    /// that may not be entered is left out.
    /// - Parameters:
    ///   - isSought: asked before a file is examined, by its name.
    ///   - body: returns false to end the walk.
    /// - Throws: ``FileError``, also where a folder was moved meanwhile.
    public func forEachFile(
        below folder: InboxPath, where isSought: ([UInt8]) -> Bool = { _ in true },
        _ body: (InboxPath, FileStatus) -> Bool
    ) throws(FileError) {
        var waiting = [folder]
        while let folder = waiting.popLast() {
            do throws(FileError) {
                guard try visit(folder, &waiting, isSought, body) else { return }
            } catch {
                guard [EACCES, EPERM].contains(error.code) else { throw error }
            }
        }
    }

    /// - Returns: false where `body` ended the walk.
    private func visit(
        _ folder: InboxPath, _ waiting: inout [InboxPath], _ isSought: ([UInt8]) -> Bool,
        _ body: (InboxPath, FileStatus) -> Bool
    ) throws(FileError) -> Bool {
        let opened = try files.openFolder(folder)
        let listing = try files.list(opened)
        while true {
            let entries: [FolderEntry]
            do throws(SystemError) {
                entries = try listing.next(Self.batch)
            } catch {
                throw .system(error)
            }
            if entries.isEmpty { return true }
            for entry in entries where entry.name.first != UInt8(ascii: ".") {
                guard let path = folder.appending(entry.name) else { continue }
                if entry.kind == .folder {
                    waiting.append(path)
                    continue
                }
                guard entry.kind == nil || (entry.kind == .regular && isSought(entry.name)),
                    let status = try files.examine(entry.name, in: opened)
                else { continue }
                if status.kind == .folder { waiting.append(path) }
                if status.kind == .regular, !body(path, status) { return false }
            }
        }
    }
}
