import Glibc
import KotibCatalog
import KotibHealth
import KotibPOSIX
import KotibWatch

extension HealthIssue {
    /// Nil for short failures, as when another program holds the catalog.
    package init?(_ error: CatalogError) {
        switch error.code {
        case .full: self = .catalogFull
        case .inaccessible, .inputOutput: self = .catalogUnwritable
        default: return nil
        }
    }

    /// The issue that keeps texts from being written; nil if the error concerns one file alone.
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
