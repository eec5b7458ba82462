import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// Creates users' folders in the inbox.
public struct UserFolderMaker: Sendable {
    /// The group, which Samba's and SFTP's users share, may write; what is made below belongs to it too.
    static let mode: UInt16 = 0o2770
    private let files: LocalFileSystem
    private let account: @Sendable ([UInt8]) -> UInt32?

    /// - Parameter account: the number of the person's account of a name, which may block.
    public init(
        _ files: LocalFileSystem,
        account: @escaping @Sendable ([UInt8]) -> UInt32? = SystemAccount.person(named:)
    ) {
        self.files = files
        self.account = account
    }

    /// Nil unless `name` is one name, not hidden, readable as text on one line.
    static func folder(_ name: String) -> UserFolder? {
        guard let folder = UserFolder(name), folder.text == name else { return nil }
        return folder.bytes.first == UInt8(ascii: ".") ? nil : folder
    }

    /// The owner of a folder that was requested.
    enum Owner: Hashable, Sendable {
        /// The daemon, or root.
        case daemon
        /// The account of the folder's name.
        case account
        /// The account of the folder's name, as of now; existing files in it keep their owners.
        case accountWithoutContents
        /// The account exists, but the daemon lacks the privilege to give files away.
        case daemonWithoutPrivilege
        /// Another account than the one of its name, unchanged.
        case stranger
    }

    /// Folders that a number's new user may have: named by its digits, then numbered names where others have
    /// made those folders, and finally an unpredictable name. Anybody with write access to the inbox can
    /// create a folder for any number before its owner logs in.
    func offers(for digits: String, random: UInt32) async throws(FileError) -> [FolderCandidate] {
        let names = [digits] + (2...Self.maxCounted).map { "\(digits)-\($0)" }
        let last = "\(digits)-" + String(random, radix: 16)
        return try await BlockingWork.run { () throws(FileError) in
            var offers: [FolderCandidate] = []
            for name in (names + [last]).compactMap({ UserFolder($0) }) {
                switch try existingEntry(name) {
                case .absent: offers.append(FolderCandidate(name: name, owner: geteuid(), isThere: false))
                case .folder(let owner) where isOursNow(owner, name):
                    offers.append(FolderCandidate(name: name, owner: owner, isThere: true))
                case .folder, .other: break
                }
            }
            return offers
        }
    }

    private static let maxCounted = 4

    /// The user of the machine that a folder belongs to; nil where there is none.
    func owner(of name: UserFolder) async throws(FileError) -> UInt32? {
        try await BlockingWork.run { () throws(FileError) in
            if case .folder(let owner) = try existingEntry(name) { owner } else { nil }
        }
    }

    /// Whether the folder's owner is the daemon, root or the account of its name.
    func isOurs(_ owner: UInt32, _ name: UserFolder) async -> Bool {
        await BlockingWork.run { isOursNow(owner, name) }
    }

    private enum ExistingEntry {
        case absent
        case folder(owner: UInt32)
        /// A file or a link.
        case other
    }

    private func existingEntry(_ name: UserFolder) throws(FileError) -> ExistingEntry {
        guard let status = try files.examine(name.bytes, in: files.root.folder) else { return .absent }
        return status.kind == .folder ? .folder(owner: status.owner) : .other
    }

    /// Whether nobody else has made it. The account is looked up last, since that may take long.
    private func isOursNow(_ owner: UInt32, _ name: UserFolder) -> Bool {
        owner == geteuid() || owner == 0 || owner == account(name.bytes)
    }

    /// Its group is the inbox's, its owner a person's account of its name where there is one
    /// (``SystemAccount``): who comes by Samba or SFTP works as that one. A folder that was there is given
    /// away too where it was the daemon's or root's, but nothing that is in it: that may have come from
    /// anywhere, by a link too.
    @discardableResult
    func make(_ name: UserFolder) async throws(FileError) -> Owner {
        try await BlockingWork.run { () throws(FileError) in try makeNow(name) }
    }

    private func makeNow(_ name: UserFolder) throws(FileError) -> Owner {
        let root = files.root.folder
        let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
        do throws(SystemError) {
            try SystemError.check("mkdirat", name.text) { mkdirat(root.descriptor, text, 0o700) }
        } catch {
            guard error.code == EEXIST else { throw .system(error) }
            return try giveExisting(name)
        }
        let folder = try files.openFolder(name.path)
        let inbox = try files.status(of: root)
        do throws(FileError) {
            try files.setOwner(nil, group: inbox.group, of: folder)
        } catch {
            guard error.code == EPERM else { throw error }
        }
        try files.setPermissions(Self.mode, of: folder)
        let owner = try changeOwner(folder, to: account(name.bytes), group: inbox.group)
        try files.synchronize(folder)
        try files.synchronize(root)
        return owner
    }

    private func giveExisting(_ name: UserFolder) throws(FileError) -> Owner {
        guard let account = account(name.bytes) else {
            guard case .folder(let owner) = try existingEntry(name) else { return .daemon }
            return owner == geteuid() || owner == 0 ? .daemon : .stranger
        }
        let folder: OpenFile
        do throws(FileError) {
            folder = try files.openFolder(name.path)
        } catch {
            // Something else has the name, which is for the watcher to tell.
            if [ENOTDIR, ELOOP].contains(error.code) { return .daemon }
            throw error
        }
        let owner = try files.status(of: folder).owner
        if owner == account { return .account }
        guard owner == geteuid() || owner == 0 else { return .stranger }
        let group = try files.status(of: files.root.folder).group
        // Before its mode: where it cannot be given away nothing of it changes.
        let outcome = try changeOwner(folder, to: account, group: group)
        guard outcome == .account else { return outcome }
        do throws(FileError) {
            try files.setPermissions(Self.mode, of: folder)
        } catch {
            guard error.code == EPERM else { throw error }
        }
        try files.synchronize(folder)
        let listing = try files.list(folder)
        do throws(SystemError) {
            return try listing.next(1).isEmpty ? .account : .accountWithoutContents
        } catch {
            throw .system(error)
        }
    }

    /// Of a new folder after its mode is set, which only its owner may do.
    private func changeOwner(
        _ folder: OpenFile, to account: UInt32?, group: UInt32
    ) throws(FileError) -> Owner {
        guard let account else { return .daemon }
        do throws(FileError) {
            try files.setOwner(account, group: group, of: folder)
            return .account
        } catch {
            guard error.code == EPERM else { throw error }
            return .daemonWithoutPrivilege
        }
    }
}
