import FoundationEssentials
import Glibc
import KotibEngines
import KotibIntake
import KotibModel
import KotibWatch
import KotibWorkerProtocol

/// A reason not to start, or a warning for the administrator.
struct ConfigurationFinding: Sendable, Equatable {
    /// Whether it keeps the daemon from starting.
    var isError: Bool
    var message: String
    /// Whether it may pass without a change of the settings, so that the start is retried.
    var isTemporary = false

    private init(isError: Bool, message: String) {
        self.isError = isError
        self.message = message
    }

    static func error(_ message: String) -> ConfigurationFinding {
        ConfigurationFinding(isError: true, message: message)
    }
    static func warning(_ message: String) -> ConfigurationFinding {
        ConfigurationFinding(isError: false, message: message)
    }

    static func temporaryError(_ message: String) -> ConfigurationFinding {
        var finding = error(message)
        finding.isTemporary = true
        return finding
    }
}

extension Configuration {
    /// Findings about the values together and about the files that they name.
    func findings() -> [ConfigurationFinding] {
        folderFindings() + extensionFindings() + ignoreFindings() + engineFindings()
            + controlFindings() + accountFindings() + hookFindings() + archiveFindings() + systemFindings()
    }

    private func folderFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        for (key, path) in [("inbox", inbox), ("state", state)] {
            if access(path, F_OK) != 0 {
                findings.append(
                    .error("\(key): there is no folder \(path); create it, or name another (setting \(key)).")
                )
            } else if access(path, R_OK | W_OK | X_OK) != 0 {
                findings.append(errno == EROFS ? Self.readOnly(key, path) : Self.forbidden(key, path))
            }
        }
        if let inbox = Self.resolved(inbox), let state = Self.resolved(state),
            state == inbox || state.hasPrefix(inbox + "/")
        {
            findings.append(
                .error("state: \(state) must not be inside the inbox \(inbox), which users can write."))
        }
        return findings
    }

    private static func forbidden(_ key: String, _ path: String) -> ConfigurationFinding {
        .error("\(key): \(path) must be a folder that \(me) may read and write.")
    }

    /// Recordings can be taken and texts wait; nothing can be done without a catalog.
    private static func readOnly(_ key: String, _ path: String) -> ConfigurationFinding {
        let message = "\(key): \(path) lies on a read-only file system; remount it read-write"
        return key == "inbox"
            ? .warning(message + ", until then texts wait.")
            : .temporaryError(message + ", until then kotibd cannot start.")
    }

    private func extensionFindings() -> [ConfigurationFinding] {
        if intake.extensions.isEmpty {
            return [.error("intake.extensions: the list is empty, so that no recording would be taken.")]
        }
        let known = AudioFileExtension.allCases.map { "." + $0.rawValue }.joined(separator: " ")
        return intake.extensions.filter { AudioFileExtension($0) == nil }.map {
            .error(
                "intake.extensions: Kotib does not know recordings that end with \"\($0)\"; it knows \(known)."
            )
        }
    }

    func localFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        for (key, path) in [("local.model", local.model), ("local.vad_model", local.vadModel)]
        where access(path, R_OK) != 0 {
            findings.append(
                .error(
                    "\(key): the model \(path) cannot be read; `make run` fetches it, etc/setup/get-model "
                        + "others."
                ))
        }
        if access(workerPath, X_OK) != 0 {
            findings.append(
                .error("local.worker: there is no program \(workerPath); it belongs beside kotibd."))
        }
        if !local.language.isEmpty && local.language.count != 2 {
            findings.append(
                .error("local.language: \"\(local.language)\" is no ISO 639-1 code such as \"uz\"."))
        }
        return findings
    }

    func openAIFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        if !openai.baseURL.hasPrefix("https://") && !openai.baseURL.hasPrefix("http://") {
            findings.append(
                .error("openai.base_url: \"\(openai.baseURL)\" must begin with https:// or http://."))
        }
        if openai.apiKey.isEmpty && openai.baseURL.contains("api.openai.com") {
            findings.append(
                .error(
                    "openai.api_key: OpenAI needs a key; put it into OPENAI_API_KEY or the credential "
                        + "openai_api_key."
                ))
        }
        if openai.baseURL.hasPrefix("http://") && !openai.apiKey.isEmpty
            && !["http://127.", "http://localhost", "http://[::1]"].contains(where: openai.baseURL.hasPrefix)
        {
            findings.append(
                .warning("openai.base_url: the key crosses the network unencrypted over http://."))
        }
        if access(workerPath, X_OK) != 0 {
            findings.append(
                .error("local.worker: there is no program \(workerPath); it belongs beside kotibd."))
        }
        return findings + uploadFindings()
    }

    private func systemFindings() -> [ConfigurationFinding] {
        let path = "/proc/sys/fs/protected_hardlinks"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.first == "0" else {
            return []
        }
        return [
            .warning(
                "The kernel lets users link to files that are not theirs; set fs.protected_hardlinks=1 "
                    + "(sysctl.d(5))."
            )
        ]
    }

    /// `local.worker`, or the program beside this one.
    var workerPath: String {
        if !local.worker.isEmpty { return local.worker }
        let own = Self.resolved("/proc/self/exe") ?? "kotibd"
        return own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/kotib-worker"
    }

    private static var me: String { "user \(geteuid())" }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension Configuration {
    /// Findings about `watch.ignore`.
    func ignoreFindings() -> [ConfigurationFinding] {
        watch.ignore.compactMap { text in
            guard IgnoredNames.isPattern(text) else {
                return .error(
                    "watch.ignore: \"\(text)\" is no pattern for a name such as \"draft-*\": it must not be empty, "
                        + "hold a / but at its end, or leave a [ open.")
            }
            let missed = intake.extensions.map { $0.hasPrefix(".") ? $0 : "." + $0 }
                .filter { IgnoredNames(adding: [text]).isIgnored(file: Array("recording\($0)".utf8)) }
            guard !missed.isEmpty else { return nil }
            return .warning(
                "watch.ignore: with \"\(text)\" no recording.\(missed[0].dropFirst()) would be taken.")
        }
    }
}

extension LoadedConfiguration {
    /// Findings about the values, the files that they name, and the configuration file itself.
    func findings() -> [ConfigurationFinding] {
        configuration.findings() + exposedSecrets()
    }

    /// Secrets in a file that others may read. Only a warning: the daemon works, and the secrets may have
    /// been read already.
    private func exposedSecrets() -> [ConfigurationFinding] {
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

    /// The readers of the file beside its owner, root and the daemon. Nil for none.
    private static func readers(of file: String) -> String? {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        if status.st_mode & S_IROTH != 0 { return "everybody on this machine" }
        let isOurs = status.st_gid == getegid() || status.st_gid == 0
        return status.st_mode & S_IRGRP != 0 && !isOurs ? "the group \(status.st_gid)" : nil
    }
}

/// Findings about the archive.
extension Configuration {
    func archiveFindings() -> [ConfigurationFinding] {
        let path = archive.folder
        guard !path.isEmpty else {
            guard archive.afterDays > 0 else { return [] }
            return [
                .error("archive.folder: name the folder that audio goes to after archive.after_days days.")
            ]
        }
        guard path.hasPrefix("/") else {
            return [.error("archive.folder: \"\(path)\" must be a whole path, from / on.")]
        }
        let folder = Self.place(path)
        for (name, other) in [("inbox", Self.place(inbox)), ("state folder", Self.place(state))] {
            if Self.lies(other, in: folder) {
                return [.error("archive.folder: the \(name) \(other) must not be inside \(path).")]
            }
            if name == "inbox", Self.lies(folder, in: other) {
                return [
                    .error(
                        "archive.folder: \(path) must not be inside the inbox \(other), or what is archived "
                            + "would be taken again.")
                ]
            }
        }
        guard access(path, R_OK | W_OK | X_OK) != 0 else { return [] }
        return [
            .warning(
                "archive.folder: \(path) is no folder that user \(geteuid()) may read and write; until it is, "
                    + "nothing is archived.")
        ]
    }

    private static func lies(_ path: String, in folder: String) -> Bool {
        path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
    }

    /// Resolves the links of a path, as far as it exists.
    private static func place(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        let parts = path.split(separator: "/")
        guard let last = parts.last else { return "/" }
        let parent = place("/" + parts.dropLast().joined(separator: "/"))
        return (parent == "/" ? "" : parent) + "/" + last
    }
}

/// Findings about the engines and what is sent to them.
extension Configuration {
    func engineFindings() -> [ConfigurationFinding] {
        let unknown = queue.otherEngines.filter { EngineName(rawValue: $0) == nil }.map { name in
            let known = EngineName.allCases.map(\.rawValue)
            let nearest = Spelling.nearest(to: name, among: known)
            return ConfigurationFinding.error(
                "queue.other_engines: there is no engine \"\(name)\"; "
                    + (nearest.map { "did you mean \"\($0)\"?" }
                        ?? "there are \(known.joined(separator: ", "))."))
        }
        var findings: [ConfigurationFinding] = unknown
        for name in engines {
            let own = name == .local ? localFindings() : openAIFindings()
            findings += own.filter { !findings.contains($0) }
        }
        return findings
    }

    /// Findings about the formats of uploads.
    func uploadFindings() -> [ConfigurationFinding] {
        let strange = openai.formats.filter { text in
            let ending = Self.ending(text)
            return ending.isEmpty || ending.count > 8
                || !ending.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        let findings = strange.map { text in
            ConfigurationFinding.error(
                "openai.formats: \"\(text)\" is no ending of a name, such as \".mp3\".")
        }
        guard let codec = openai.encode.codec else { return findings + undocumentedFindings() }
        if uploadExtensions.contains(codec.fileExtension) { return findings }
        return findings + [
            .error(
                "openai.encode: \"\(openai.encode.rawValue)\" makes .\(codec.fileExtension), which openai.formats "
                    + "does not list; add it there, or set openai.encode to another.")
        ]
    }

    /// Findings about recordings that are sent unchanged and may be refused. Another server may accept more
    /// than OpenAI does.
    private func undocumentedFindings() -> [ConfigurationFinding] {
        guard openai.baseURL.contains("api.openai.com") else { return [] }
        let strange = intake.extensions.compactMap { AudioFileExtension($0)?.rawValue }.filter {
            !KotibEngines.OpenAISettings.documentedExtensions.contains($0)
        }
        guard !strange.isEmpty else { return [] }
        let list = strange.map { "." + $0 }.joined(separator: " ")
        return [
            .warning(
                "intake.extensions: OpenAI does not say that it takes \(list); such a recording may fail there. "
                    + "With openai.encode = \"opus\" it is re-encoded, and the local engine takes it.")
        ]
    }
}
