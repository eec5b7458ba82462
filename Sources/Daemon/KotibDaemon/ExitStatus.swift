import Glibc
import KotibAccounts
import KotibCatalog
import KotibPOSIX

/// The exit codes of sysexits.h that kotibd ends with; the manual page lists them.
enum ExitStatus {
    static let stopped: Int32 = 0
    /// EX_DATAERR: the catalog is damaged or gone.
    static let dataError: Int32 = 65
    /// EX_SOFTWARE.
    static let fault: Int32 = 70
    /// EX_OSERR.
    static let systemError: Int32 = 71
    /// EX_CANTCREAT: the state folder cannot be used.
    static let cannotCreate: Int32 = 73
    /// EX_TEMPFAIL: another daemon is at work.
    static let busy: Int32 = 75
    /// EX_CONFIG.
    static let configuration: Int32 = 78

    /// The exit code for an error; defined here only.
    static func code(for error: any Error) -> Int32 {
        switch error {
        case is ConfigurationError, is SecretError: configuration
        case is StateFolderInUse, is CatalogInUse: busy
        case is TemporaryFailure: cannotCreate
        case is LockFile.Failure, is ListeningSocket.Failure: cannotCreate
        case let error as CatalogError: [.corrupt, .missing].contains(error.code) ? dataError : cannotCreate
        case is SystemError, is FileError: systemError
        default: fault
        }
    }
}

/// The settings are valid, but a resource that they name cannot be used now.
struct TemporaryFailure: Error, CustomStringConvertible {
    var description: String
}

/// Another daemon uses the same state folder.
struct StateFolderInUse: Error, CustomStringConvertible {
    var folder: String
    var process: Int32?

    var description: String {
        "\(anotherDaemon(process)) uses the state folder \(folder); stop it, or name another folder (setting state)."
    }
}

/// Another daemon, or a rebuild, uses the same catalog under another state folder.
struct CatalogInUse: Error, CustomStringConvertible {
    var file: String
    var process: Int32?

    var description: String {
        "\(anotherDaemon(process)) uses the catalog \(file); stop it, or name another one (setting database)."
    }
}

private func anotherDaemon(_ process: Int32?) -> String {
    process.map { "Another kotibd, process \($0)," } ?? "Another kotibd"
}
