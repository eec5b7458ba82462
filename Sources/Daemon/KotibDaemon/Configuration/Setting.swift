/// A value as a file or the environment gives it.
enum SettingValue: Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case strings([String])
    case flag(Bool)
}

/// One setting: its name, the environment variables that override it, and how it is read and shown.
struct Setting: Sendable {
    /// As in the file, with its section: `watch.settle`.
    let key: String
    /// In rising precedence; names of the replaced service come last but one.
    let environment: [String]
    let secret: Bool
    let form: Form
    let show: @Sendable (Configuration) -> String

    /// How a value becomes a part of the configuration.
    enum Form: Sendable {
        case text(@Sendable (inout Configuration, String) -> Void)
        case integer(ClosedRange<Int>, @Sendable (inout Configuration, Int) -> Void)
        case seconds(ClosedRange<Double>, @Sendable (inout Configuration, Double) -> Void)
        case number(ClosedRange<Double>, @Sendable (inout Configuration, Double) -> Void)
        case list(@Sendable (inout Configuration, [String]) -> Void)
        case flag(@Sendable (inout Configuration, Bool) -> Void)
        case choice([String], @Sendable (inout Configuration, String) -> Void)
    }
}

/// The kinds of settings: how each is read and shown.
extension Settings {
    typealias Path<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    static func text(
        _ key: String, _ environment: [String], _ path: Path<String>, secret: Bool = false
    ) -> Setting {
        Setting(
            key: key, environment: environment, secret: secret,
            form: .text { $0[keyPath: path] = $1 },
            show: { secret ? ($0[keyPath: path].isEmpty ? "not set" : "set") : "\"\($0[keyPath: path])\"" })
    }

    static func integer(
        _ key: String, _ environment: [String], _ range: ClosedRange<Int>, _ path: Path<Int>
    ) -> Setting {
        Setting(
            key: key, environment: environment, secret: false,
            form: .integer(range) { $0[keyPath: path] = $1 },
            show: { String($0[keyPath: path]) })
    }

    static func seconds(
        _ key: String, _ range: ClosedRange<Double>, _ path: Path<Double>
    ) -> Setting {
        Setting(
            key: key, environment: [], secret: false,
            form: .seconds(range) { $0[keyPath: path] = $1 },
            show: { String($0[keyPath: path]) })
    }

    /// With or without a fraction.
    static func number(
        _ key: String, _ environment: [String], _ range: ClosedRange<Double>, _ path: Path<Double>
    ) -> Setting {
        Setting(
            key: key, environment: environment, secret: false,
            form: .number(range) { $0[keyPath: path] = $1 },
            show: { String($0[keyPath: path]) })
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, _ choices: Choice.AllCases, _ path: Path<Choice>, _ environment: [String] = []
    ) -> Setting {
        Setting(
            key: key, environment: environment, secret: false,
            form: .choice(choices.map(\.rawValue)) { configuration, text in
                if let choice = Choice(rawValue: text) { configuration[keyPath: path] = choice }
            },
            show: { "\"\($0[keyPath: path].rawValue)\"" })
    }

    static func list(
        _ key: String, _ environment: [String], _ path: Path<[String]>
    ) -> Setting {
        Setting(
            key: key, environment: environment, secret: false,
            form: .list { $0[keyPath: path] = $1 },
            show: { quoted($0[keyPath: path]) })
    }

    static func flag(_ key: String, _ path: Path<Bool>) -> Setting {
        Setting(
            key: key, environment: [], secret: false,
            form: .flag { $0[keyPath: path] = $1 },
            show: { String($0[keyPath: path]) })
    }

    private static func quoted(_ list: [String]) -> String {
        "[" + list.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
}
