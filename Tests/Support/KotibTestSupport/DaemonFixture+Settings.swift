/// Settings by their names in the configuration file: `["watch.settle": 0.2, "queue.engine": "openai"]`.
public struct DaemonSettings: Sendable, ExpressibleByDictionaryLiteral {
    var values: [String: SettingLiteral]

    public init(dictionaryLiteral elements: (String, SettingLiteral)...) {
        values = Dictionary(elements) { $1 }
    }

    /// The settings of tests: a short `watch.settle`, and English, so that only the tests of words pay for
    /// language detection.
    public static func standard(_ installation: Installation, inside folder: String) -> DaemonSettings {
        [
            "inbox": "\(folder)/inbox", "state": "\(folder)/state",
            "watch.settle": 0.2, "watch.empty_after": 0.5,
            // Tests write the same few samples again and again, and each must be transcribed.
            "queue.reuse": "none",
            "local.worker": "\(installation.program("kotib-worker"))",
            "local.model": "\((try? installation.model()) ?? "missing")",
            "local.vad_model": "\((try? installation.voiceActivityModel()) ?? "missing")",
            "local.language": "en", "openai.language": "en",
            "log.format": "json",
        ]
    }

    public func merging(_ others: DaemonSettings) -> DaemonSettings {
        var merged = self
        merged.values.merge(others.values) { $1 }
        return merged
    }

    /// TOML: keys without a section first, as they must stand.
    public var toml: String {
        let pairs = values.sorted { $0.key < $1.key }.map { key, value in
            let parts = key.split(separator: ".", maxSplits: 1)
            return (
                section: parts.count > 1 ? String(parts[0]) : "",
                line: "\(parts[parts.count - 1]) = \(value.toml)"
            )
        }
        return Dictionary(grouping: pairs, by: \.section).sorted { $0.key < $1.key }
            .map { section, lines in
                (section.isEmpty ? "" : "[\(section)]\n") + lines.map { $0.line + "\n" }.joined()
            }
            .joined(separator: "\n")
    }
}

/// A value as TOML writes it.
public struct SettingLiteral: Sendable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
    var toml: String

    public init(stringLiteral value: String) {
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        toml = "\"\(escaped)\""
    }

    public init(integerLiteral value: Int) { toml = String(value) }
    public init(floatLiteral value: Double) { toml = String(value) }
    public init(booleanLiteral value: Bool) { toml = String(value) }

    public init(arrayLiteral elements: SettingLiteral...) {
        toml = "[" + elements.map(\.toml).joined(separator: ", ") + "]"
    }
}
