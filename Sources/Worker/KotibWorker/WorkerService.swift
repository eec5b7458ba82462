import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Serves requests one after the other on the thread that calls it.
final class WorkerService {
    private let socket: PacketSocket
    private let inspector: RecordingInspector
    private let engine: (any SpeechToText)?
    private let mailbox = JobQueue()

    init(_ socket: PacketSocket, _ inspector: RecordingInspector, _ engine: (any SpeechToText)?) {
        self.socket = socket
        self.inspector = inspector
        self.engine = engine
    }

    /// Says that it is ready, then serves until the daemon closes the socket.
    /// - Throws: ``SystemError`` where no thread can be had.
    func run(sandbox: [String]) throws(SystemError) -> Never {
        try RequestReader(socket: socket, mailbox: mailbox).start()
        send(
            .ready(
                WorkerReady(model: engine?.modelName, modelFile: engine?.modelFile, sandbox: sandbox)))
        while true { serve(mailbox.dequeue()) }
    }

    private func serve(_ job: Job) {
        do {
            switch job.work {
            case .inspect(let request): try send(inspect(job.file, request))
            case .transcribe(let request): try send(transcribe(job, request))
            case .encode(let request, let output): try send(encode(job, request, output))
            }
        } catch let failure as EngineFailure {
            leave(.software, "the engine failed: \(failure.message)")
        } catch let failure as SystemError {
            leave(.inputOutput, "the recording cannot be read: \(failure)")
        } catch let protocolViolation as ProtocolViolation {
            leave(.protocol, protocolViolation.description)
        } catch {
            leave(.software, "\(error)")
        }
    }

    private func inspect(_ file: OpenFile, _ request: InspectRequest) throws -> WorkerReply {
        do {
            return .inspected(request: request.request, facts: try inspector.inspect(file, request))
        } catch let rejection as Rejection {
            return .refused(request: request.request, rejection: rejection)
        } catch is SystemError {
            return .refused(request: request.request, rejection: .unreadable)
        }
    }

    private func transcribe(_ job: Job, _ request: TranscribeRequest) throws -> WorkerReply {
        guard let engine else { throw ProtocolViolation(description: "this worker only inspects") }
        let reporter = TranscriptionReporter(job, send: send)
        do {
            let decoder = try FileDecoder(
                job.file, container: request.container, longestDuration: request.longestDuration,
                observer: reporter)
            let summary = try engine.transcribe(
                decoder, language: request.language, expectedDuration: decoder.expectedDuration,
                observer: reporter)
            guard var summary else { return .cancelled(request: request.request) }
            summary.warnings += decoder.warnings
            return .transcribed(request: request.request, summary: summary)
        } catch let rejection as Rejection {
            return .failed(request: request.request, reason: rejection.reason)
        } catch is CancellationError {
            return .cancelled(request: request.request)
        }
    }

    private func encode(_ job: Job, _ request: EncodeRequest, _ output: OpenFile) throws -> WorkerReply {
        let encoder = RecordingEncoder(request, TranscriptionReporter(job, send: send))
        do {
            return try encoder.encode(job.file, into: OutputBuffer(output, capacity: request.capacity))
        } catch let rejection as Rejection {
            return .failed(request: request.request, reason: rejection.reason)
        }
    }

    private func send(_ reply: WorkerReply) {
        do {
            try socket.send(WorkerCoding.encode(reply))
        } catch let error as SystemError where [EPIPE, ECONNRESET].contains(error.code) {
            WorkerExit.done.leave()
        } catch {
            leave(.software, "a reply cannot be sent: \(error)")
        }
    }

    private func leave(_ exit: WorkerExit, _ message: String) -> Never {
        WorkerLog.say("kotib-worker: \(message)")
        exit.leave()
    }
}

extension Rejection {
    /// The reason why an accepted file cannot be transcribed or encoded after all.
    fileprivate var reason: String {
        if case .damaged(let detail) = self { detail } else { code }
    }
}

/// Sends the engine's progress and segments to the daemon.
final class TranscriptionReporter: TranscriptionObserver {
    private let job: Job
    private let send: (WorkerReply) -> Void
    private var fraction = 0.0

    init(_ job: Job, send: @escaping (WorkerReply) -> Void) {
        self.job = job
        self.send = send
    }

    var isCancelled: Bool { job.isCancelled }

    func progressed(to fraction: Double) {
        // Never back, and never a number that JSON cannot carry.
        if fraction.isFinite { self.fraction = max(self.fraction, min(1, fraction)) }
        send(.progress(request: job.request, fraction: self.fraction))
    }

    func heard(_ segment: TranscriptSegment) {
        let start = segment.start.isFinite ? max(0, segment.start) : 0
        let end = segment.end.isFinite ? max(start, segment.end) : start
        for piece in SegmentText.pieces(of: SegmentText.cleaned(segment.text)) {
            let clean = TranscriptSegment(start: start, end: end, text: piece)
            send(.segment(request: job.request, segment: clean))
        }
    }
}

/// Cleans an engine's text: hostile sound can make a model produce anything.
enum SegmentText {
    /// UTF-8 bytes in one message: even with each of them escaped in JSON it stays below the longest packet.
    static let longestPiece = 16 * 1024

    /// White space is one space each; control characters and those that turn the direction of text are gone.
    static func cleaned(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                if clean.last != " " { clean.append(" ") }
            } else if !isHarmful(scalar) {
                clean.append(scalar)
            }
        }
        return String(clean)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .unassigned, .privateUse, .surrogate: true
        default: scalar.properties.isBidiControl
        }
    }

    /// `text` in pieces of at most `limit` bytes, cut between characters where they are shorter than that.
    static func pieces(of text: String, limit: Int = longestPiece) -> [String] {
        var pieces: [String] = []
        var piece = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            if length + width > limit && length > 0 {
                pieces.append(String(piece))
                piece = String.UnicodeScalarView()
                length = 0
            }
            piece.append(scalar)
            length += width
        }
        if length > 0 { pieces.append(String(piece)) }
        return pieces
    }
}
