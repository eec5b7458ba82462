import FoundationEssentials
import KotibControlProtocol

/// An event of `GET events`.
public enum ControlEvent: Sendable {
    case changed(EventBody)
    case edited(EventBody)
    case deleted(EventBody)
    case progress(RunningBody)
    /// Events were missed: fetch the list again.
    case reset

    /// Nil for an event that only a later daemon knows; throws where a known one cannot be read.
    init?(_ event: ServerEvent) throws(ControlError) {
        switch EventName(rawValue: event.name) {
        case .changed: self = .changed(try Self.body(event))
        case .edited: self = .edited(try Self.body(event))
        case .deleted: self = .deleted(try Self.body(event))
        case .progress: self = .progress(try Self.body(event))
        case .reset: self = .reset
        case nil: return nil
        }
    }

    private static func body<Body: Decodable>(_ event: ServerEvent) throws(ControlError) -> Body {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(event.data.utf8)) else {
            throw .unreadable(status: 200)
        }
        return body
    }
}
