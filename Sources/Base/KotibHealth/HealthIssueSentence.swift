import FoundationEssentials
import KotibText

extension HealthIssue {
    /// For who looks after the service: what, since when, and what to do.
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
        case .filesAway: .filesAway(since)
        case .linkedFolders: .linkedFolders(since, watch.linkedFolders.joined(separator: ", "))
        case .deletionsWait: .deletionsWait(since)
        case .namesTaken: .namesTaken(since)
        case .inboxFull: .inboxFull(since)
        case .inboxReadOnly: .inboxReadOnly(since)
        case .unwritable: .unwritable(since)
        case .catalogFull: .catalogFull(since)
        case .catalogFails: .catalogFails(since)
        case .archiveMissing(let reason): .archiveMissing(since, reason)
        case .archiveFull: .archiveFull(since)
        case .archiveReadOnly: .archiveReadOnly(since)
        case .archiveStuck: .archiveStuck(since)
        case .tooManyRefused: .tooManyRefused(since)
        case .catalogDamaged: .catalogDamaged(since)
        case .catalogBehind: .catalogBehind(since)
        case .backupKept: .backupKept(since)
        }
    }

    /// `2026-11-25 14:05 UTC`.
    private static func minute(_ date: Date) -> String {
        String(date.formatted(.iso8601).prefix(16)).replacing("T", with: " ") + " UTC"
    }
}
