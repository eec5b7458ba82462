import GRDB

/// The reason why a call of the catalog failed. Nothing of the failed call is kept.
public struct CatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        /// The file is no database, or its pages contradict each other: `kotibd --rebuild`.
        case corrupt
        /// The file is missing or empty although a backup or log beside it shows that there was one: `kotibd
        /// --rebuild`.
        case missing
        /// A later version of the program has changed the tables.
        case newerSchema
        /// The disk, or the quota, is full.
        case full
        /// The file would be longer than the process, or the file system, allows.
        case tooLarge
        /// The file or its folder cannot be opened or written.
        case inaccessible
        /// The file was removed or replaced while it is open: a new connection would have another one.
        case displaced
        /// Another process holds the file.
        case busy
        /// The kernel could not read or write.
        case inputOutput
        /// A rule of the tables forbids it.
        case constraint
        /// A search that took too long and was ended: it may be narrowed.
        case tooLong
        /// Another call in the same transaction made SQLite roll all of it back.
        case rolledBack
        case other
    }

    public var code: Code
    /// The operation, such as `accept`.
    var operation: String
    /// SQLite's message.
    var message: String
    /// The database's file.
    var file: String

    /// Whether the same call may succeed later without a change to the program or the file.
    public var isRetryable: Bool {
        switch code {
        case .full, .tooLarge, .inaccessible, .displaced, .busy, .inputOutput, .rolledBack: true
        case .corrupt, .missing, .newerSchema, .constraint, .tooLong, .other: false
        }
    }

    /// Whether SQLite may roll back all of the transaction in which it happens.
    var endsTransactions: Bool { code == .full || code == .inputOutput || code == .busy }

    public var description: String {
        "catalog \(file): \(operation): \(message)" + (advice.map { "; \($0)" } ?? "")
    }

    /// Advice for the administrator.
    private var advice: String? {
        switch code {
        case .corrupt: "run kotibd --rebuild, which sets it aside and keeps what can be read of it"
        case .missing:
            "run kotibd --rebuild, which makes it anew of the backup and of the texts in the inbox; or, to begin with "
                + "nothing, remove the file that is there"
        case .newerSchema: "run the version of kotibd that wrote it, or a later one"
        case .full: "free space on its file system"
        case .tooLarge:
            "raise the limit of the size of files (RLIMIT_FSIZE: ulimit -f, LimitFSIZE=), or that of its file system"
        case .inaccessible: "let the daemon's user read and write it and its folder"
        case .displaced, .busy, .inputOutput, .constraint, .rolledBack, .tooLong, .other: nil
        }
    }
}

extension CatalogError {
    init(_ error: any Error, operation: String, file: String) {
        if let error = error as? CatalogError {
            self = error
        } else if let error = error as? DatabaseError {
            let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
            self.init(code: Code(error.resultCode), operation: operation, message: message, file: file)
        } else if error is MalformedRow {
            self.init(code: .corrupt, operation: operation, message: "\(error)", file: file)
        } else {
            self.init(code: .other, operation: operation, message: String(describing: error), file: file)
        }
    }
}

extension CatalogError.Code {
    /// https://www.sqlite.org/rescode.html
    init(_ result: ResultCode) {
        switch result {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt
        case .SQLITE_FULL: self = .full
        case .SQLITE_READONLY, .SQLITE_CANTOPEN: self = .inaccessible
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        case .SQLITE_IOERR: self = .inputOutput
        case .SQLITE_CONSTRAINT: self = .constraint
        case .SQLITE_ABORT: self = .rolledBack
        default: self = .other
        }
    }
}
