import FoundationEssentials
import Glibc
import KotibCatalog
import KotibPOSIX

/// `kotibd --rebuild`: sets the catalog aside and creates a new one from its readable rows and its backup.
public enum CatalogRebuildCommand {
    /// - Returns: the exit code.
    public static func run(configurationFile: String?) async -> Int32 {
        do {
            let configuration = try Configuration.load(
                file: configurationFile, environment: ProcessInfo.processInfo.environment
            ).configuration
            umask(0o077)
            // Beyond RLIMIT_FSIZE it is to fail with a sentence.
            signal(SIGXFSZ, SIG_IGN)
            let locks = try await Daemon.takeLocks(configuration)
            defer { withExtendedLifetime(locks) {} }
            let file = configuration.databasePath
            let report = try await CatalogRebuild(
                file: file, backup: configuration.backupPath, inbox: configuration.inbox
            ).run()
            let made = [file, configuration.stateLockPath, configuration.catalogLockPath]
            giveToOwner(of: configuration.state, made)
            print(report.text(file))
            return ExitStatus.stopped
        } catch {
            return Daemon.report(error)
        }
    }

    /// If root runs it, the daemon's own account is to read the files that it made.
    private static func giveToOwner(of folder: String, _ files: [String]) {
        var status = stat()
        guard geteuid() == 0, stat(folder, &status) == 0 else { return }
        for file in files { lchown(file, status.st_uid, status.st_gid) }
    }
}

extension RebuildReport {
    fileprivate func text(_ file: String) -> String {
        var lines = ["The catalog \(file) was made anew."]
        if isOfInterruptedRun {
            lines = ["The catalog \(file) was made anew by the run before, which was interrupted."]
        }
        if let setAside {
            lines += linesOfRows
            lines.append("The earlier one is \(setAside); remove it when nothing of it is missed.")
        }
        lines += linesOfBackup + linesOfLosses
        lines.append(
            "When kotibd is started it looks through the inbox; a text beside a recording that the catalog does "
                + "not know is taken for its words.")
        return lines.joined(separator: "\n")
    }

    private var linesOfRows: [String] {
        if isUnreadable {
            return [
                "Nothing could be read of the earlier one, not even its list of tables: how many rows are lost "
                    + "cannot be told. What neither a backup nor the inbox has is gone: users' numbers, roles and "
                    + "quotas, sessions, and earlier versions of texts."
            ]
        }
        let kept = rows.filter { $0.count > 0 }.map { "\($0.count) of \($0.table)" }
        let read = "Read from the earlier one: " + (kept.isEmpty ? "nothing" : kept.joined(separator: ", "))
        return [
            read
                + (lost == 0
                    ? "; no row was found lost." : "; at least \(lost) rows could not be read or kept.")
        ]
    }

    private var linesOfBackup: [String] {
        var lines = unusableBackups.map {
            "The backup \($0) is empty, damaged or not a catalog's; nothing was taken from it."
        }
        guard let backup, rowsOfBackup > 0 else { return lines }
        lines += ["\(rowsOfBackup) rows that could not be read are as in the backup \(backup)."]
        if usersOfBackup > 0 {
            lines.append(
                "\(usersOfBackup) users are as the backup knew them: look at their numbers, roles and whether they "
                    + "are active (kotibctl user list).")
        }
        return lines
    }

    private var linesOfLosses: [String] {
        var lines = losses.map { "Not all of the last writes could be read: \($0)." }
        if usersByFolder > 0 {
            lines.append(
                "Of \(usersByFolder) users only the folder is known: give them their numbers again (kotibctl user link)."
            )
        }
        if endedSessions {
            lines.append(
                "All sessions were ended, since those that had ended before could not be told from the others: "
                    + "people log in again.")
        }
        if unattachedRevisions > 0 {
            lines.append(
                "\(unattachedRevisions) versions of texts belong to recordings that could not be read; they are in "
                    + "the earlier file alone.")
        }
        return lines
    }
}
