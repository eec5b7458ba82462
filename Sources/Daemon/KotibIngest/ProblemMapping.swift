import Glibc
import KotibCatalog
import KotibHealth
import KotibPOSIX
import KotibWatch

extension HealthIssue {
    /// Nil for what is soon over, such as another program that holds the catalog.
    package init?(_ error: CatalogError) {
        switch error.code {
        case .full: self = .catalogFull
        case .inaccessible, .inputOutput: self = .catalogFails
        default: return nil
        }
    }

    /// The problem that keeps texts from being written; nil where it concerns the one file alone.
    package init?(writing error: FileError) {
        if case .occupied = error {
            self = .namesTaken
            return
        }
        switch error.code {
        case ENOSPC, EDQUOT: self = .inboxFull
        case EROFS: self = .inboxReadOnly
        case EACCES, EPERM: self = .unwritable
        default: return nil
        }
    }
}
