import FoundationEssentials
import KotibModel
import TOMLKit

/// A configuration with the origin of each setting that is not at its default.
struct LoadedConfiguration: Sendable {
    var configuration: Configuration
    /// By key: the file's path, or the environment variable's or credential's name.
    var origins: [String: String]
}

extension Configuration {
    /// Defaults, then the file, then the environment, then systemd's credentials.
    /// - Parameters:
    ///   - file: nil for none.
    /// - environment: `KOTIB_*` and the names of the replaced service override the file.
    ///   `CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=) names the folder in which
    ///   ``Settings/credentials`` may lie.
    static func load(
        file: String?, environment: [String: String]
    ) throws(ConfigurationError) -> LoadedConfiguration {
        var loaded = LoadedConfiguration(configuration: Configuration(), origins: [:])
        if let file { try loaded.read(file: file) }
        for setting in Settings.all {
            for name in setting.environment {
                guard let text = environment[name], !text.isEmpty else { continue }
                try loaded.set(setting, to: setting.value(of: text, in: name), from: name)
            }
        }
        try loaded.readDatabaseURL(environment)
        try loaded.checkAlgorithm(environment)
        try loaded.readCredentials(environment)
        return loaded
    }
}

extension LoadedConfiguration {
    fileprivate mutating func read(file: String) throws(ConfigurationError) {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: String(contentsOfFile: file, encoding: .utf8))
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw ConfigurationError("\(file):\(place.line):\(place.column): \(error.description)")
        } catch {
            throw ConfigurationError(
                "The configuration \(file) cannot be read (\(error)); "
                    + "name another with --config.")
        }
        for key in table.keys.sorted() {
            guard let value = table[key] else { continue }
            if let section = value.table {
                for name in section.keys.sorted() {
                    guard let value = section[name] else { continue }
                    try apply("\(key).\(name)", value, file)
                }
            } else {
                try apply(key, value, file)
            }
        }
    }

    private mutating func apply(
        _ key: String, _ value: any TOMLValueConvertible, _ file: String
    ) throws(ConfigurationError) {
        guard let setting = Settings.all.first(where: { $0.key == key }) else {
            let nearest = Spelling.nearest(to: key, among: Settings.all.map(\.key))
            throw ConfigurationError(
                "\(file): there is no setting \(key)" + (nearest.map { "; did you mean \($0)?" } ?? "."))
        }
        guard let plain = Self.plain(value) else {
            throw ConfigurationError("\(file): \(key) \(setting.expectation), not a \(value.type.rawValue).")
        }
        try set(setting, to: plain, from: file)
    }

    private static func plain(_ value: any TOMLValueConvertible) -> SettingValue? {
        if let text = value.string { return .string(text) }
        if let flag = value.bool { return .flag(flag) }
        if let integer = value.int { return .integer(integer) }
        if let number = value.double { return .number(number) }
        if let array = value.array {
            let texts = array.compactMap(\.string)
            return texts.count == array.count ? .strings(texts) : nil
        }
        return nil
    }

    fileprivate mutating func set(
        _ setting: Setting, to value: SettingValue, from origin: String
    ) throws(ConfigurationError) {
        try setting.apply(value, to: &configuration, from: origin)
        origins[setting.key] = origin
    }

    /// A database URL of the replaced service: `sqlite:///relative` or `sqlite:////absolute`.
    fileprivate mutating func readDatabaseURL(_ environment: [String: String]) throws(ConfigurationError) {
        guard let url = environment["DATABASE_URL"], !url.isEmpty else { return }
        let scheme = "sqlite:///"
        guard url.hasPrefix(scheme), url.count > scheme.count else {
            throw ConfigurationError(
                "DATABASE_URL must be sqlite:///PATH: Kotib keeps its catalog in SQLite only.")
        }
        configuration.database = String(url.dropFirst(scheme.count))
        origins["database"] = "DATABASE_URL"
    }

    /// A setting of the replaced service: one algorithm is supported, so that no token can choose another.
    fileprivate func checkAlgorithm(_ environment: [String: String]) throws(ConfigurationError) {
        guard let algorithm = environment["ALGORITHM"], !algorithm.isEmpty, algorithm != "HS256" else {
            return
        }
        throw ConfigurationError("ALGORITHM must be HS256, the one that Kotib signs tokens with; unset it.")
    }

    fileprivate mutating func readCredentials(_ environment: [String: String]) throws(ConfigurationError) {
        guard let folder = environment["CREDENTIALS_DIRECTORY"] else { return }
        for (name, key) in Settings.credentials {
            let path = folder + "/" + name
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw ConfigurationError("The credential \(name) cannot be read as text.")
            }
            guard let setting = Settings.all.first(where: { $0.key == key }) else { continue }
            let secret = String(text.split(whereSeparator: \.isWhitespace).first ?? "")
            try set(setting, to: .string(secret), from: "credential \(name)")
        }
    }
}

extension Setting {
    /// Text of an environment variable as the value that this setting takes. A list is JSON,
    /// or separated by commas.
    func value(of text: String, in name: String) throws(ConfigurationError) -> SettingValue {
        switch form {
        case .text, .choice:
            return .string(text)
        case .integer:
            guard let integer = Int(text) else { throw wrong(text, in: name) }
            return .integer(integer)
        case .seconds, .number:
            guard let number = Double(text) else { throw wrong(text, in: name) }
            return .number(number)
        case .list:
            if let list = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) {
                return .strings(list)
            }
            return .strings(text.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) })
        case .flag:
            guard let flag = Bool(text) else { throw wrong(text, in: name) }
            return .flag(flag)
        }
    }

    func apply(
        _ value: SettingValue, to configuration: inout Configuration, from origin: String
    ) throws(ConfigurationError) {
        switch (form, value) {
        case (.text(let set), .string(let text)):
            set(&configuration, text)
        case (.choice(let choices, let set), .string(let text)) where choices.contains(text):
            set(&configuration, text)
        case (.integer(let range, let set), .integer(let integer)) where range.contains(integer):
            set(&configuration, integer)
        case (.seconds(let range, let set), .integer(let integer)) where range.contains(Double(integer)):
            set(&configuration, Double(integer))
        case (.seconds(let range, let set), .number(let number)) where range.contains(number):
            set(&configuration, number)
        case (.number(let range, let set), .integer(let integer)) where range.contains(Double(integer)):
            set(&configuration, Double(integer))
        case (.number(let range, let set), .number(let number)) where range.contains(number):
            set(&configuration, number)
        case (.list(let set), .strings(let list)):
            set(&configuration, list)
        case (.flag(let set), .flag(let flag)):
            set(&configuration, flag)
        default:
            throw wrong(secret ? "what is there" : value.text, in: origin)
        }
    }

    private func wrong(_ text: String, in origin: String) -> ConfigurationError {
        ConfigurationError("\(origin): \(key) \(expectation), not \(text).")
    }

    /// The middle of a sentence: "… must be a whole number between 1 and 3".
    var expectation: String {
        switch form {
        case .text: "must be a text in quotes"
        case .integer(let range, _):
            "must be a whole number between \(range.lowerBound) and \(range.upperBound)"
        case .seconds(let range, _):
            "must be seconds between \(range.lowerBound) and \(range.upperBound)"
        case .number(let range, _):
            "must be a number between \(range.lowerBound) and \(range.upperBound)"
        case .list: "must be a list of texts in quotes"
        case .flag: "must be true or false"
        case .choice(let choices, _):
            "must be one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }
}

extension SettingValue {
    var text: String {
        switch self {
        case .string(let text): "\"\(text)\""
        case .integer(let integer): String(integer)
        case .number(let number): String(number)
        case .strings(let list): "\(list)"
        case .flag(let flag): String(flag)
        }
    }
}
