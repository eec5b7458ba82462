extension Configuration {
    public struct BackupSettings: Sendable {
        /// Hours between two backups of the catalog. 0: none are made.
        public var hours = 24.0
    }

    /// Where the catalog's newest backup lies.
    var backupPath: String { databasePath + ".backup" }

    /// Nil where none are made.
    var backupInterval: Duration? { backup.hours > 0 ? .seconds(backup.hours * 3600) : nil }
}

extension Settings {
    static let backup = [
        number("backup.hours", ["KOTIB_BACKUP_HOURS"], 0...8760, \.backup.hours)
    ]
}
