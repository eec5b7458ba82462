import FoundationEssentials
import Glibc
import KotibEngines
import KotibModel

/// One thing that stands against starting, or that an administrator should know.
public struct Finding: Sendable, Equatable {
    /// True where the daemon would not start.
    public var isError: Bool
    public var message: String
    /// Whether it may pass without anybody changing the settings: a start is then to be tried again.
    var mayPass = false

    private init(isError: Bool, message: String) {
        self.isError = isError
        self.message = message
    }

    static func error(_ message: String) -> Finding { Finding(isError: true, message: message) }
    static func warning(_ message: String) -> Finding { Finding(isError: false, message: message) }

    static func passingError(_ message: String) -> Finding {
        var finding = error(message)
        finding.mayPass = true
        return finding
    }
}

extension Configuration {
    /// What is wrong with the values together and with the files that they name.
    public func findings() -> [Finding] {
        folderFindings() + extensionFindings() + ignoreFindings() + engineFindings()
            + controlFindings() + accountFindings() + hookFindings() + archiveFindings() + systemFindings()
    }

    private func folderFindings() -> [Finding] {
        var findings: [Finding] = []
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

    private static func forbidden(_ key: String, _ path: String) -> Finding {
        .error("\(key): \(path) must be a folder that \(me) may read and write.")
    }

    /// Recordings can be taken and texts wait; nothing can be done without a catalog.
    private static func readOnly(_ key: String, _ path: String) -> Finding {
        let message = "\(key): \(path) lies on a read-only file system; remount it read-write"
        return key == "inbox"
            ? .warning(message + ", until then texts wait.")
            : .passingError(message + ", until then kotibd cannot start.")
    }

    private func extensionFindings() -> [Finding] {
        if intake.extensions.isEmpty {
            return [.error("intake.extensions: the list is empty, so that no recording would be taken.")]
        }
        let known = RecordingEnding.allCases.map { "." + $0.rawValue }.joined(separator: " ")
        return intake.extensions.filter { RecordingEnding($0) == nil }.map {
            .error(
                "intake.extensions: Kotib does not know recordings that end with \"\($0)\"; it knows \(known)."
            )
        }
    }

    func localFindings() -> [Finding] {
        var findings: [Finding] = []
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

    func openAIFindings() -> [Finding] {
        var findings: [Finding] = []
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

    private func systemFindings() -> [Finding] {
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
    public var workerPath: String {
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
