import FoundationEssentials
import KotibText

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
