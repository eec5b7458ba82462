import KotibPOSIX
import KotibWatch

/// As a scan comes across the file of a sighting.
package func candidate(_ sighting: Sighting) throws -> InboxWatcher.Candidate {
    guard case .settled(let path, let status) = sighting else {
        throw SystemError(code: 0, operation: "candidate")
    }
    return InboxWatcher.Candidate(path: path, status: status)
}
