import AsyncHTTPClient
import FoundationEssentials
import KotibControlProtocol
import NIOCore
import NIOHTTP1

/// What `GET events` says.
public enum ControlEvent: Sendable {
    case changed(EventBody)
    case edited(EventBody)
    case deleted(EventBody)
    case progress(RunningBody)
    /// Events were missed: list anew.
    case reset

    init?(_ event: ServerEvent) {
        let data = Data(event.data.utf8)
        func body<Body: Decodable>(_ type: Body.Type) -> Body? { try? JSONDecoder().decode(type, from: data) }
        switch EventName(rawValue: event.name) {
        case .changed:
            guard let body = body(EventBody.self) else { return nil }
            self = .changed(body)
        case .edited:
            guard let body = body(EventBody.self) else { return nil }
            self = .edited(body)
        case .deleted:
            guard let body = body(EventBody.self) else { return nil }
            self = .deleted(body)
        case .progress:
            guard let body = body(RunningBody.self) else { return nil }
            self = .progress(body)
        case .reset: self = .reset
        case nil: return nil
        }
    }
}

extension ControlClient {
    /// Hands every event to `each` until that returns false. A connection that ends is begun anew where it ended,
    /// after `pause`; an answer that says no (a revoked token, say) ends it.
    /// `connected` is called whenever the stream stands, before its first event.
    public func events(
        pause: Duration = .seconds(1), connected: () async throws -> Bool,
        each: (ControlEvent, _ raw: ServerEvent) async throws -> Bool
    ) async throws {
        var lastID: String?
        var everConnected = false
        while true {
            do {
                let resume = lastID.map { [("Last-Event-ID", $0)] } ?? []
                let response = try await send(
                    .GET, "events", headers: [("Accept", "text/event-stream")] + resume)
                everConnected = true
                guard try await connected() else { return }
                // A fresh parser: half an event of the connection before is no event.
                var parser = EventParser()
                for try await piece in response.body {
                    for raw in parser.read(piece.readableBytesView) {
                        lastID = raw.id ?? lastID
                        guard let event = ControlEvent(raw) else { continue }
                        guard try await each(event, raw) else { return }
                    }
                }
            } catch let ControlError.refused(status, body, retryAfter) where status != 503 {
                throw ControlError.refused(status: status, body, retryAfter: retryAfter)
            } catch let error as ControlError where !everConnected {
                throw error
            } catch {
                try Task.checkCancellation()
            }
            try await Task.sleep(for: pause)
        }
    }
}
