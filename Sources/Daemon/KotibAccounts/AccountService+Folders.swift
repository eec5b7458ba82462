import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// The owners of users' folders.
extension AccountService {
    /// Folders that the number's new user may have.
    func offers(for phone: PhoneNumber, _ random: UInt32) async -> [FolderOffer] {
        do throws(FileError) {
            return try await inbox.offers(for: phone.digits, random: random)
        } catch {
            // The number has a user already.
            logger.error("the inbox cannot be looked at", metadata: ["cause": "\(error)"])
            return []
        }
    }

    /// Notes that the folder is its user's, whoever it belongs to: an administrator says so.
    func acceptFolder(of user: User) async {
        do {
            guard let owner = try await inbox.owner(of: user.folder) else { return }
            try await catalog.users.noteFolderOwner(owner, of: user.id, replacing: true)
            if await !inbox.isOurs(owner, user.folder) { tell(.stranger, user) }
        } catch {
            logger.error("folder not looked at", metadata: ["user": "\(user.id)", "cause": "\(error)"])
        }
    }

    /// Whether the folder still belongs to whom it did when it became the user's.
    func isAccepted(_ user: User) async -> Bool {
        guard let owner = try? await inbox.owner(of: user.folder) else { return false }
        return (try? await catalog.users.folderOwner(of: user.id))?.owner == owner
    }

    /// Of users who were there before anybody noted it, and of those whom a folder of their own enrolled.
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
    func tell(_ owner: InboxMaker.Owner, _ user: User) {
        let folder = user.folder
        let metadata: Logger.Metadata = ["user": "\(user.id)", "folder": "\(folder)"]
        switch owner {
        case .daemon, .account: break
        case .daemonForWantOfPrivilege:
            logger.warning(
                "a folder is not its account's: the daemon may not give it away; see folder-owners.conf",
                metadata: metadata)
        case .accountBarContents:
            logger.notice(
                "a folder is its account's now, but not what was in it: chown -R \(folder) gives it that too",
                metadata: metadata)
        case .stranger:
            logger.warning(
                "a folder belongs to another account than the one of its name; if that is a mistake: chown",
                metadata: metadata)
        }
    }
}
