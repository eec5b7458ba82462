import HummingbirdCore
import KotibModel

extension ControlContext {
    /// - Parameter name: of a part of the route's path.
    /// - Throws: ``ControlFailure``, 422 where it is no number.
    func number(_ name: String) throws(ControlFailure) -> Int64 {
        guard let number = parameters[name[...]].flatMap({ Int64($0) }) else {
            throw ControlFailure.invalid(name)
        }
        return number
    }

    func recordingID() throws(ControlFailure) -> RecordingID {
        RecordingID(rawValue: try number("id"))
    }
}

/// The query of the URL. An empty value counts as none: forms send omitted fields so.
struct QueryParameters {
    let parameters: FlatDictionary<Substring, Substring>

    /// A `+` is a space, as forms and most clients write it
    /// (https://url.spec.whatwg.org/#urlencoded-parsing).
    init(_ request: Request) {
        let query = request.uri.query ?? ""
        parameters = URI("/?" + query.replacing("+", with: "%20")).queryParameters
    }

    func text(_ name: String) -> String? {
        parameters[name[...]].flatMap { $0.isEmpty ? nil : String($0) }
    }

    /// - Throws: ``ControlFailure``, 422 where it is no number or not in `range`.
    func number(_ name: String, within range: ClosedRange<Int>) throws(ControlFailure) -> Int? {
        try value(name) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// - Throws: ``ControlFailure``, 422 where `parse` makes nothing of the value.
    func value<Value>(_ name: String, _ parse: (String) -> Value?) throws(ControlFailure) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = parse(text) else { throw ControlFailure.invalid(name) }
        return value
    }
}
