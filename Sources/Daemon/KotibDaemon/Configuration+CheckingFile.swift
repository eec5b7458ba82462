import Glibc

extension LoadedConfiguration {
    /// What is wrong with the values, with the files that they name, and with the file that they stand in.
    public func findings() -> [Finding] {
        configuration.findings() + exposedSecrets()
    }

    /// Secrets in a file that others may read. It works all the same, and who can read it may have read it already.
    private func exposedSecrets() -> [Finding] {
        let secrets = Settings.all.filter { $0.secret && $0.show(configuration) != $0.show(Configuration()) }
        let files = Set(secrets.compactMap { origins[$0.key] }).filter { $0.contains("/") }
        return files.sorted().compactMap { file in
            guard let readers = Self.readers(of: file) else { return nil }
            let keys = secrets.map(\.key).filter { origins[$0] == file }.sorted().joined(separator: ", ")
            return .warning(
                "\(file): \(readers) may read it, and it holds a secret (\(keys)); `chmod 0640 \(file)` and "
                    + "`chgrp` to the daemon's group, or use a credential, and make a new secret.")
        }
    }

    /// Who may read the file beside its owner, root and the daemon; nil for nobody.
    private static func readers(of file: String) -> String? {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        if status.st_mode & S_IROTH != 0 { return "everybody on this machine" }
        let isOurs = status.st_gid == getegid() || status.st_gid == 0
        return status.st_mode & S_IRGRP != 0 && !isOurs ? "the group \(status.st_gid)" : nil
    }
}
