import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// The owners of users' folders.
extension AccountService {
    /// Folders that the number's new user may have.
    func offers(for phone: PhoneNumber, _ random: UInt32) async -> [FolderCandidate] {
        do throws(FileError) {
            return try await inbox.offers(for: phone.digits, random: random)
        } catch {
            // The number has a user already.
            logger.error("cannot read the inbox", metadata: ["cause": "\(error)"])
            return []
        }
    }

    /// Records the folder as its user's, whoever owns it: an administrator has confirmed it.
    func acceptFolder(of user: User) async {
        do {
            guard let owner = try await inbox.owner(of: user.folder) else { return }
            try await catalog.users.noteFolderOwner(owner, of: user.id, replacing: true)
            if await !inbox.isOurs(owner, user.folder) { tell(.stranger, user) }
        } catch {
            logger.error("cannot examine folder", metadata: ["user": "\(user.id)", "cause": "\(error)"])
        }
    }

    /// Whether the folder still has the owner that it had when it became the user's.
    func isAccepted(_ user: User) async -> Bool {
        guard let owner = try? await inbox.owner(of: user.folder) else { return false }
        return (try? await catalog.users.folderOwner(of: user.id))?.owner == owner
    }

    /// Records the folder owners of users from before this was recorded, and of users who enrolled by a
    /// folder.
    func noteFolderOwners() async throws(CatalogError) {
        var last: UserID?
        while true {
            let page = try await catalog.users.withUnlookedFolders(after: last, limit: 500)
            if page.isEmpty { return }
            for (id, folder) in page {
                last = id
                // A folder that cannot be reached now is checked at the first upload.
                guard let owner = try? await inbox.owner(of: folder) else { continue }
                try await catalog.users.noteFolderOwner(owner, of: id, replacing: false)
            }
        }
    }

    /// Tells an administrator how to give the folder to its account.
    func tell(_ owner: UserFolderMaker.Owner, _ user: User) {
        let folder = user.folder
        let metadata: Logger.Metadata = ["user": "\(user.id)", "folder": "\(folder)"]
        switch owner {
        case .daemon, .account: break
        case .daemonWithoutPrivilege:
            logger.warning(
                "cannot change folder owner: missing capability, see folder-owners.conf",
                metadata: metadata)
        case .accountWithoutContents:
            logger.notice(
                "folder owner changed, contents not: run chown -R on \(folder)",
                metadata: metadata)
        case .stranger:
            logger.warning(
                "folder owned by another account than its name says; if that is a mistake, run chown",
                metadata: metadata)
        }
    }
}
