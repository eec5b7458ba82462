// KotibHealth: issues, when each began, and the health report.

import FoundationEssentials
import KotibText

/// A condition that delays recordings, texts or events. Nothing is lost in any of these.
public enum HealthIssue: Hashable, Sendable, CustomStringConvertible {
    /// The folder at the configured path is gone or cannot be opened.
    case rootMissing(reason: String)
    /// Another folder is at the configured path; files that are missing in it do not yet count as gone.
    case rootReplaced
    /// The kernel's queue was full (IN_Q_OVERFLOW, inotify(7)): the inbox is being looked through.
    case eventsLost
    /// No more watches for this user (ENOSPC, inotify_add_watch(2)).
    case watchLimit
    /// No more inotify instances for this user (EMFILE, inotify_init(2)).
    case instanceLimit
    /// Folders that the daemon may not read.
    case unreadable
    /// Folders below the depth that is watched, or with a path that is too long, are not watched at all.
    case tooDeep
    /// Recordings whose file system is not mounted where it was.
    case filesUnreachable
    /// Users' folders that are symbolic links, which are not followed.
    case linkedFolders
    /// Recordings are to be deleted whose file system is not mounted, or whose archive is not there.
    case deletionsPending
    /// Other people's files have all the names that a text may have.
    case namesTaken
    /// No text can be written beside recordings: no space is left (ENOSPC, EDQUOT).
    case inboxFull
    /// No text can be written beside recordings: EROFS.
    case inboxReadOnly
    /// No text can be written into some folders: EACCES, EPERM.
    case unwritable
    /// The catalog's disk is full.
    case catalogFull
    /// The catalog cannot be written for another reason.
    case catalogUnwritable
    /// The archive's folder is gone, not mounted, or fails.
    case archiveMissing(reason: String)
    /// No space is left in the archive: ENOSPC, EDQUOT.
    case archiveFull
    /// Nothing may be written into the archive: EROFS, EACCES, EPERM.
    case archiveReadOnly
    /// Some recordings cannot be archived for reasons of their own.
    case archiveStuck
    /// A user's folder holds more refused files than are kept in the catalog.
    case tooManyRejectedFiles
    /// SQLite finds the catalog's file damaged.
    case catalogDamaged
    /// The catalog's file was removed or replaced while it is open.
    case catalogReplaced
    /// The same of its write-ahead log.
    case catalogLogReplaced
    /// The catalog was opened without the latest writes.
    case catalogBehind
    /// The earlier backup of the catalog holds far more than the catalog, and was not replaced.
    case backupNotReplaced

    public var description: String {
        switch self {
        case .rootMissing(let reason): "the inbox cannot be opened: \(reason)"
        case .rootReplaced: "the inbox is another folder now"
        case .eventsLost: "events of the inbox were lost: looking through it"
        case .watchLimit: "too few inotify watches: raise the sysctl fs.inotify.max_user_watches"
        case .instanceLimit: "too few inotify instances: raise the sysctl fs.inotify.max_user_instances"
        case .unreadable: "some folders cannot be read: let the daemon's user read and enter them"
        case .tooDeep: "some folders are nested too deeply and are not watched"
        case .filesUnreachable: "recordings lie on a file system that is not mounted"
        case .linkedFolders: "users' folders are symbolic links, which are not followed"
        case .deletionsPending: "recordings to be deleted lie on a file system that is not mounted"
        case .namesTaken: "texts have no place: other files have their names"
        case .inboxFull: "no space is left in the inbox: texts wait"
        case .inboxReadOnly: "the inbox is read-only: texts wait"
        case .unwritable: "texts cannot be written into some folders"
        case .catalogFull: "no space is left for the catalog: everything waits"
        case .catalogUnwritable: "the catalog cannot be written: everything waits"
        case .archiveMissing(let reason): "the archive cannot be used: \(reason)"
        case .archiveFull: "no space is left in the archive: recordings stay in the inbox"
        case .archiveReadOnly: "the archive cannot be written: recordings stay in the inbox"
        case .archiveStuck: "some recordings cannot be archived"
        case .tooManyRejectedFiles: "a folder holds so many refused files that more get no notes"
        case .catalogDamaged: "catalog damaged: stop kotibd and run kotibd --rebuild"
        case .catalogReplaced: "catalog file removed or replaced: stop kotibd and run kotibd --rebuild"
        case .catalogLogReplaced: "catalog log removed or replaced: restart kotibd"
        case .catalogBehind: "catalog lacks the latest writes"
        case .backupNotReplaced: "the earlier backup has more in it than the catalog, and is kept"
        }
    }

    /// Whether texts cannot be written beside recordings.
    public var concernsTexts: Bool {
        switch self {
        case .inboxFull, .inboxReadOnly, .unwritable, .namesTaken: true
        default: false
        }
    }

    /// Whether audio that is due for the archive stays in the inbox.
    public var concernsArchive: Bool {
        switch self {
        case .archiveMissing, .archiveFull, .archiveReadOnly, .archiveStuck: true
        default: false
        }
    }
}

extension HealthIssue {
    /// A sentence for the administrator: the issue, since when, and what to do.
    func sentence(since date: Date, _ watch: WatchReport) -> Sentence {
        let since = Self.minute(date)
        return switch self {
        case .rootMissing(let reason): .rootMissing(since, reason)
        case .rootReplaced: .rootReplaced(since)
        case .eventsLost: .eventsLost(since)
        case .watchLimit: .watchLimit(since, watch.unwatchedFolders)
        case .instanceLimit: .instanceLimit(since)
        case .unreadable: .unreadable(since, watch.unreadableFolders.joined(separator: ", "))
        case .tooDeep: .tooDeep(since)
        case .filesUnreachable: .filesUnreachable(since)
        case .linkedFolders: .linkedFolders(since, watch.linkedFolders.joined(separator: ", "))
        case .deletionsPending: .deletionsPending(since)
        case .namesTaken: .namesTaken(since)
        case .inboxFull: .inboxFull(since)
        case .inboxReadOnly: .inboxReadOnly(since)
        case .unwritable: .unwritable(since)
        case .catalogFull: .catalogFull(since)
        case .catalogUnwritable: .catalogUnwritable(since)
        case .archiveMissing(let reason): .archiveMissing(since, reason)
        case .archiveFull: .archiveFull(since)
        case .archiveReadOnly: .archiveReadOnly(since)
        case .archiveStuck: .archiveStuck(since)
        case .tooManyRejectedFiles: .tooManyRejectedFiles(since)
        case .catalogDamaged: .catalogDamaged(since)
        case .catalogReplaced: .catalogReplaced(since)
        case .catalogLogReplaced: .catalogLogReplaced(since)
        case .catalogBehind: .catalogBehind(since)
        case .backupNotReplaced: .backupNotReplaced(since)
        }
    }

    /// `2026-11-25 14:05 UTC`.
    private static func minute(_ date: Date) -> String {
        String(date.formatted(.iso8601).prefix(16)).replacing("T", with: " ") + " UTC"
    }
}
