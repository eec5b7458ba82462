import FoundationEssentials
import KotibText
import KotibWatch

extension Sentence {
    /// One problem for who looks after the service: what, since when, and what to do.
    static func problem(_ problem: WatchHealth.Problem, _ health: WatchHealth) -> Sentence {
        let since = health.since[problem].map(minute) ?? ""
        return switch problem {
        case .rootMissing(let reason): rootMissing(since, reason)
        case .rootReplaced: rootReplaced(since)
        case .eventsLost: eventsLost(since)
        case .watchLimit: watchLimit(since, health.unwatchedFolders)
        case .instanceLimit: instanceLimit(since)
        case .unreadable: unreadable(since, health.unreadableFolders.joined(separator: ", "))
        case .tooDeep: tooDeep(since)
        case .filesAway: filesAway(since)
        case .linkedFolders: linkedFolders(since, health.linkedFolders.joined(separator: ", "))
        case .deletionsWait: deletionsWait(since)
        case .namesTaken: namesTaken(since)
        case .inboxFull: inboxFull(since)
        case .inboxReadOnly: inboxReadOnly(since)
        case .unwritable: unwritable(since)
        case .catalogFull: catalogFull(since)
        case .catalogFails: catalogFails(since)
        case .archiveMissing(let reason): archiveMissing(since, reason)
        case .archiveFull: archiveFull(since)
        case .archiveReadOnly: archiveReadOnly(since)
        case .archiveStuck: archiveStuck(since)
        case .tooManyRefused: tooManyRefused(since)
        case .catalogDamaged: catalogDamaged(since)
        }
    }

    /// `2026-11-25 14:05 UTC`.
    private static func minute(_ date: Date) -> String {
        String(date.formatted(.iso8601).prefix(16)).replacing("T", with: " ") + " UTC"
    }
}
