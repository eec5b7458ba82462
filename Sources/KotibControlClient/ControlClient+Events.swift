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

    /// Nil for an event that this version does not know: a newer daemon may have more.
    /// - Throws: ``ControlError/unreadable(status:)`` where the data is not what its name promises.
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
            if let response = try await eventStream(after: lastID, isAnew: everConnected) {
                everConnected = true
                guard try await connected() else { return }
                // A fresh parser: half an event of the connection before is no event.
                var parser = EventParser()
                var pieces = response.body.makeAsyncIterator()
                while let piece = try await Self.next(&pieces) {
                    for raw in parser.read(piece.readableBytesView) {
                        lastID = raw.id ?? lastID
                        guard let event = try ControlEvent(raw) else { continue }
                        guard try await each(event, raw) else { return }
                    }
                }
            }
            try await Task.sleep(for: pause)
        }
    }

    /// Nil where one that stood before may stand again later: the daemon is starting anew, or crowded.
    private func eventStream(after lastID: String?, isAnew: Bool) async throws -> HTTPClientResponse? {
        let resume = lastID.map { [("Last-Event-ID", $0)] } ?? []
        do {
            return try await send(.GET, "events", headers: [("Accept", "text/event-stream")] + resume)
        } catch let error as ControlError where isAnew {
            switch error {
            case .unreachable, .timedOut, .interrupted, .refused(503, _, _): return nil
            case .refused, .unreadable, .unreadableFile: throw error
            }
        }
    }

    /// Nil where the connection ended, well or not.
    private static func next(_ pieces: inout HTTPClientResponse.Body.AsyncIterator) async throws
        -> ByteBuffer?
    {
        do {
            return try await pieces.next()
        } catch {
            try Task.checkCancellation()
            return nil
        }
    }
}
