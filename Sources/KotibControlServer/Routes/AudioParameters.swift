import Hummingbird
import KotibModel

extension ControlContext {
    /// - Parameter name: of a part of the route's path.
    /// - Throws: ``ControlFailure``, 422 where it is no number.
    func number(_ name: String) throws(ControlFailure) -> Int64 {
        guard let number = parameters.get(name).flatMap({ Int64($0) }) else {
            throw ControlFailure.invalid(name)
        }
        return number
    }

    func recordingID() throws(ControlFailure) -> RecordingID {
        RecordingID(rawValue: try number("id"))
    }
}

/// What stands after the `?`. An empty value counts as none: forms send what was left out so.
struct QueryReader {
    let parameters: Parameters

    init(_ request: Request) {
        parameters = request.uri.queryParameters
    }

    func text(_ name: String) -> String? {
        parameters.get(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// - Throws: ``ControlFailure``, 422 where `parse` makes nothing of the value.
    func value<Value>(_ name: String, _ parse: (String) -> Value?) throws(ControlFailure) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = parse(text) else { throw ControlFailure.invalid(name) }
        return value
    }
}
