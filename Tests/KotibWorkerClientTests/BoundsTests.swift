import Foundation
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibText
import KotibWorkerClient
import KotibWorkerProtocol
import Testing

/// A worker that was taken over by the file that it reads says anything.
struct BoundsTests {
    private static let facts = AudioFacts(
        mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
        sampleRate: 16_000, sha256: [UInt8](repeating: 7, count: 32),
        warnings: [RecordingWarning(.unwrittenPart, seconds: 1)])

    private static let honest: [WorkerReply] = [
        .ready(WorkerReady(model: "base-q8_0", sandbox: ["seccomp"])), .inspected(request: 1, facts: facts),
        .progress(request: 1, fraction: 0.5),
        .segment(request: 1, segment: TranscriptSegment(start: 0, end: 1, text: "Salom")),
        .transcribed(
            request: 1,
            summary: TranscriptionSummary(
                language: "uz", duration: 1, speech: 1, processorTime: 0.1,
                warnings: [RecordingWarning(.soundSetAside)])),
        .encoded(request: 1, summary: EncodingSummary(size: 100, duration: 1)),
        .outgrown(request: 1, duration: 1), .cancelled(request: 1), .failed(request: 1, reason: "no decoder"),
    ]

    private static let rejections: [Rejection] = [
        .unsupportedExtension(accepted: ["wav"]), .empty, .tooLong(duration: 43_201, limit: 43_200),
        .notAudio(found: "text/plain"), .wrongKind(found: "audio/flac"), .incomplete,
        .damaged(detail: "it holds no sound"), .unreadable,
    ]

    private static let othersRejections: [Rejection] = [
        .tooLarge(size: .max, limit: .min), .symbolicLink, .folder, .special, .hardLink, .noFolder,
        .notEnrolled, .folderSettings(.unknownKey(line: .max, key: "k", nearest: nil)),
        .overQuotaBytes(size: .max, used: .min, limit: .min), .overQuotaFiles(used: .max, limit: .min),
        .overQuotaMinutes(duration: 1e300, used: 1, limit: 1e300),
    ]

    /// The JSON values that are tried in each place in turn.
    private static let extremes = [
        "1e300", "-1e300", "1.7976931348623157e308", "1e999", "-1", "-0.0000001", "0", "2", "1e12",
        "9223372036854775807", "-9223372036854775808", "18446744073709551616", "null", "true", "[]", "{}",
        "[1,2,3]", "[256]", "\"\"", "\"text/html\\r\\nX-Injected: 1\"", "\"\\u0000\"", "\"\\u001b[2J\"",
        "\"\\u202e\"", "\"\\ud800\"", "\"../../etc/passwd\"", "\"wav,http\"",
        "\"" + String(repeating: "x", count: 70_000) + "\"",
        String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
    ]

    private static var allHonest: [WorkerReply] {
        honest + rejections.map { .refused(request: 1, rejection: $0) }
    }

    @Test func honestRepliesAreAccepted() throws {
        for reply in Self.allHonest {
            #expect(try WorkerCoding.reply(from: WorkerCoding.encode(reply)) == reply)
        }
    }

    @Test func workerMayNotReportDaemonRejections() throws {
        for rejection in Self.othersRejections {
            let packet = try WorkerCoding.encode(WorkerReply.refused(request: 1, rejection: rejection))
            #expect(throws: OutOfBounds.self) { try WorkerCoding.reply(from: packet) }
        }
    }

    /// An extreme value of any field is either refused or harmless wherever it is used.
    @Test func everyFieldAtItsExtremes() throws {
        var (refused, taken) = (0, 0)
        for reply in Self.allHonest {
            for packet in try Self.mutants(of: reply) {
                guard let said = try? WorkerCoding.reply(from: packet) else {
                    refused += 1
                    continue
                }
                taken += 1
                use(said)
            }
        }
        #expect(refused > 1_000 && taken > 10, "\(refused) refused, \(taken) taken")
    }

    /// The very lies that were told (p01), one by one.
    @Test(arguments: [
        #"{"refused":{"request":REQ,"rejection":{"tooLong":{"duration":1e300,"limit":43200}}}}"#,
        #"{"refused":{"request":REQ,"rejection":{"overQuotaMinutes":{"duration":1e300,"used":1,"limit":1e300}}}}"#,
        #"{"refused":{"request":REQ,"rejection":{"tooLarge":{"size":9223372036854775807,"limit":0}}}}"#,
    ])
    func aLieIsTheWorkersFault(lie: String) async throws {
        try await withPool { pool async throws in
            guard case .refused(.damaged(let detail)) = try await inspect(pool, saying: lie) else {
                Issue.record("not refused")
                return
            }
            #expect(detail.contains("out of bounds"))
        }
    }

    @Test func aLieCostsTheWorker() async throws {
        let fact =
            #""channels":1,"codec":"x","container":"wav","duration":1,"isPatched":false,"sampleRate":8000,"#
            + #""warnings":[]"#
        let sha = "[" + [String](repeating: "7", count: 32).joined(separator: ",") + "]"
        for (type, hash) in [("text/html\\r\\nX-Injected: 1", sha), ("audio/x-wav", "[1,2,3]")] {
            let lie =
                #"{"inspected":{"request":REQ,"facts":{\#(fact),"mediaType":"\#(type)","sha256":\#(hash)}}}"#
            try await withPool { pool async throws in
                let before = try await pool.inspect("pid")
                let result = try await inspect(pool, saying: lie)
                #expect(
                    result
                        == .refused(
                            .damaged(
                                detail: "the inspecting worker broke the protocol "
                                    + "(inspected.\(hash == sha ? "mediaType" : "sha256") is out of bounds) and was stopped"
                            )))
                #expect(try await pool.inspect("pid") != before)
            }
        }
    }

    private func inspect(_ pool: WorkerPool, saying lie: String) async throws -> InspectionResult {
        let limits = WorkerInspector.Limits(longestDuration: 3600, deadline: .seconds(20))
        return try await WorkerInspector(pool: pool, limits: limits).inspect(
            temporaryFile(lie), of: "ali", fileExtension: "say-content", size: 100)
    }

    /// Uses a reply in every way: sentences, sums, times, a header.
    private func use(_ reply: WorkerReply) {
        switch reply {
        case .refused(_, let rejection):
            for language in Language.allCases { _ = rejection.sentence(about: "a.wav", in: language) }
        case .inspected(_, let facts):
            #expect(!facts.mediaType.contains { $0.isNewline } && facts.sha256.count == 32)
            _ = QuotaClaim.milliseconds(of: facts.duration)
            _ = Duration.seconds(facts.duration)
        case .segment(_, let segment):
            let document = TranscriptDocument(
                title: "a", text: segment.text, segments: [segment], language: nil, duration: 1)
            for format in TranscriptFormat.allCases {
                #expect(throws: Never.self) { try document.rendered(as: format) }
            }
        case .transcribed(_, let summary): _ = Duration.seconds(summary.speech + summary.processorTime)
        case .progress(_, let fraction): #expect((0...1).contains(fraction))
        case .encoded(_, let summary): _ = Duration.seconds(summary.duration)
        case .outgrown(_, let duration): _ = Duration.seconds(duration)
        case .ready, .cancelled, .failed: break
        }
    }

    /// The reply's JSON with each of its values in turn replaced by each extreme.
    private static func mutants(of reply: WorkerReply) throws -> [[UInt8]] {
        let whole = try JSONSerialization.jsonObject(with: Data(WorkerCoding.encode(reply)))
        return places(in: whole).flatMap { place in
            extremes.map { extreme in Array(text(whole, replacing: place, by: extreme).utf8) }
        }
    }

    private typealias Place = [String]

    private static func places(in value: Any) -> [Place] {
        switch value {
        case let object as [String: Any]:
            object.flatMap { key, value in [[key]] + places(in: value).map { [key] + $0 } }
        case let array as [Any]:
            array.prefix(2).enumerated().flatMap { index, value in
                [["\(index)"]] + places(in: value).map { ["\(index)"] + $0 }
            }
        default: []
        }
    }

    private static func text(_ value: Any, replacing place: Place, by extreme: String) -> String {
        guard let first = place.first else { return extreme }
        let rest = Place(place.dropFirst())
        switch value {
        case let object as [String: Any]:
            let fields = object.map { key, value in
                "\"\(key)\":" + (key == first ? text(value, replacing: rest, by: extreme) : plain(value))
            }
            return "{" + fields.joined(separator: ",") + "}"
        case let array as [Any]:
            let items = array.enumerated().map { index, value in
                "\(index)" == first ? text(value, replacing: rest, by: extreme) : plain(value)
            }
            return "[" + items.joined(separator: ",") + "]"
        default: return extreme
        }
    }

    private static func plain(_ value: Any) -> String {
        let data = try? JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}
