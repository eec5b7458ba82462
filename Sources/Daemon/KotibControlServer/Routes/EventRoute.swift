import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import KotibTranscription
import NIOCore
import Synchronization

/// `events`: what happens, as it happens (server-sent events,
/// https://html.spec.whatwg.org/#server-sent-events).
struct EventRoute {
    /// The number of events that are read from the catalog at once: with the newest progress, all the memory
    /// that a follower costs.
    static let page = 100

    let parts: ControlDependencies
    /// The interval of pings.
    var ping = Duration.seconds(15)

    func add(to routes: inout RouteTable) {
        routes.get("events", use: follow)
    }

    @Sendable private func follow(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        // Of HEAD: what never ends has no length to tell.
        guard request.method == .get, !context.isHead else {
            throw ControlFailure(
                .methodNotAllowed, .methodNotAllowed, .wrongMethod, headers: [.allow: "GET"])
        }
        let asked = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
        // `X-Accel-Buffering` keeps nginx from holding events back.
        var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        if let buffering = HTTPField.Name("X-Accel-Buffering") { headers[buffering] = "no" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await write(to: &writer, for: caller, since: asked)
                try await writer.finish(nil)
            })
    }

    /// Returns when the follower's access ends, or the daemon stops.
    private func write(
        to writer: inout any ResponseBodyWriter, for caller: Caller, since asked: String?
    ) async throws {
        let mailbox = FollowerMailbox()
        // Before the first look at the catalog, so that nothing falls between.
        let feeders = feeders(of: mailbox, for: caller.scope)
        defer { for feeder in feeders { feeder.cancel() } }
        let latest = try await parts.catalog.events.last()
        var last = latest
        if let asked {
            guard let id = Int64(asked), (0...latest).contains(id) else {
                try await writer.write(EventStreamFormat.reset(latest))
                return try await write(to: &writer, mailbox, caller, after: latest)
            }
            last = id
        }
        // Whoever is cut off before the first event knows where to go on.
        try await writer.write(ByteBuffer(string: "id: \(last)\n\n"))
        mailbox.post { $0.isChanged = true }
        try await write(to: &writer, mailbox, caller, after: last)
    }

    private func write(
        to writer: inout any ResponseBodyWriter, _ mailbox: FollowerMailbox, _ caller: Caller,
        after start: Int64
    ) async throws {
        var (last, announced) = (start, start)
        for await _ in mailbox.arrivals {
            let news = mailbox.takeAll()
            // Before every word, so that who is locked out hears nothing more (threat 60).
            guard try await mayFollow(caller) else { return }
            if news.isChanged {
                try await writeEvents(to: &writer, caller.scope, after: &last, announced: &announced)
            }
            if news.isPing {
                // Events of others move the end on too, and are not read again after a break.
                try await writer.write(
                    ByteBuffer(string: last > announced ? "id: \(last)\n\n" : ": ping\n\n"))
                announced = last
            }
            for job in news.running.values.sorted(by: { $0.recording.rawValue < $1.recording.rawValue }) {
                try await writer.write(EventStreamFormat.progress(job))
            }
        }
    }

    private func writeEvents(
        to writer: inout any ResponseBodyWriter, _ scope: AccessScope, after last: inout Int64,
        announced: inout Int64
    ) async throws {
        while !Task.isCancelled {
            let page = try await parts.catalog.events.page(after: last, in: scope, limit: Self.page)
            guard let page else {
                last = try await parts.catalog.events.last()
                announced = last
                return try await writer.write(EventStreamFormat.reset(last))
            }
            for event in page.events {
                try await writer.write(EventStreamFormat.event(event))
                announced = event.id
            }
            last = page.upTo
            if page.events.count < Self.page { return }
        }
    }

    /// Whether the session is still valid, with the same scope.
    private func mayFollow(_ caller: Caller) async throws(CatalogError) -> Bool {
        guard case .session(let session) = caller else { return true }
        let user = try await parts.accounts.holder(of: session)
        return user?.role == session.user.role
    }

    private func feeders(of mailbox: FollowerMailbox, for scope: AccessScope) -> [Task<Void, Never>] {
        let (changes, progress, ping) = (parts.catalog.events.signals(), parts.queue.progress(), ping)
        return [
            Task {
                for await _ in changes { mailbox.post { $0.isChanged = true } }
                // The catalog is closed.
                mailbox.end()
            },
            Task {
                for await job in progress where scope.includes(job) {
                    mailbox.post { $0.running[job.recording] = job }
                }
            },
            Task {
                // A connection that says nothing for long is cut by what stands in between.
                while (try? await Task.sleep(for: ping)) != nil { mailbox.post { $0.isPing = true } }
            },
        ]
    }
}

/// Events in the format of server-sent events.
enum EventStreamFormat {
    static func event(_ event: CatalogEvent) throws -> ByteBuffer {
        let name: EventName =
            switch event.kind {
            case .changed: .changed
            case .edited: .edited
            case .deleted: .deleted
            }
        let body = EventBody(
            id: event.recording.rawValue, filePath: event.file, transcriptionStatus: event.state.rawValue,
            audioState: event.audio.rawValue, at: Timestamp.text(event.time))
        return try text(name, id: event.id, body)
    }

    static func progress(_ job: RunningJob) throws -> ByteBuffer {
        try text(.progress, id: nil, RunningBody(job))
    }

    static func reset(_ latest: Int64) throws -> ByteBuffer {
        try text(.reset, id: latest, [String: String]())
    }

    /// JSON holds no line end, so that one `data` line is enough.
    private static func text(_ name: EventName, id: Int64?, _ data: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let data = String(decoding: try encoder.encode(data), as: UTF8.self)
        let id = id.map { "id: \($0)\n" } ?? ""
        return ByteBuffer(string: "\(id)event: \(name.rawValue)\ndata: \(data)\n\n")
    }
}

/// The pending updates of a follower. However slow the follower, only a job's newest state is kept.
final class FollowerMailbox: Sendable {
    struct Updates {
        var isChanged = false
        var isPing = false
        var running: [RecordingID: RunningJob] = [:]
    }

    /// One element for any number of updates; ends with ``end()`` or the task.
    let arrivals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let news = Mutex(Updates())

    init() {
        (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func post(_ add: (inout Updates) -> Void) {
        news.withLock { add(&$0) }
        continuation.yield()
    }

    func takeAll() -> Updates {
        news.withLock { news in
            defer { news = Updates() }
            return news
        }
    }

    func end() { continuation.finish() }
}
