import KotibPOSIX
import KotibWatch

/// The file of an event, as a scan reports it.
package func candidate(_ inboxEvent: InboxEvent) throws -> InboxWatcher.Candidate {
    guard case .stable(let path, let status) = inboxEvent else {
        throw SystemError(code: 0, operation: "candidate")
    }
    return InboxWatcher.Candidate(path: path, status: status)
}
