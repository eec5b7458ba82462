import Foundation
import KotibModel

@testable import KotibWorker

/// Models and recordings for the tests that need the real ones.
struct WhisperFixture {
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    let root: String

    init() throws {
        guard let root = ProcessInfo.processInfo.environment["KOTIB_TEST_DEPS"] else {
            throw Missing(
                description:
                    "set KOTIB_TEST_DEPS to the folder that holds models/ and samples/; make test does")
        }
        self.root = root
    }

    func engine(threads: Int = 2, sharesWindows: Bool = false) throws -> WhisperSpeechToText {
        try WhisperSpeechToText(
            model: root + "/models/ggml-base-q8_0.bin", vadModel: vadModel, threads: threads,
            sharesWindows: sharesWindows)
    }

    var vadModel: String { root + "/models/ggml-silero-v6.2.0.bin" }

    /// Reads 16-bit mono WAV of 16 kHz, or of a multiple of it.
    func speech(_ name: String) throws -> [Float] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: root + "/samples/\(name).wav")))
        func number(_ at: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        }
        var rate = 16_000
        var at = 12
        while at + 8 <= bytes.count {
            let length = number(at + 4, 4)
            switch String(decoding: bytes[at..<at + 4], as: UTF8.self) {
            case "fmt ":
                rate = number(at + 12, 4)
            case "data":
                let end = min(bytes.count, at + 8 + length) - 1
                let samples = stride(from: at + 8, to: end, by: 2).map {
                    Float(Int16(truncatingIfNeeded: number($0, 2))) / 32_768
                }
                return Self.thinned(samples, by: rate / 16_000)
            default:
                break
            }
            at += 8 + length + length % 2
        }
        throw Missing(description: "\(name).wav has no samples")
    }

    /// The mean of each `factor` samples: a crude filter, good enough for speech.
    private static func thinned(_ samples: [Float], by factor: Int) -> [Float] {
        guard factor > 1 else { return samples }
        return stride(from: 0, to: samples.count - factor + 1, by: factor).map {
            samples[$0..<$0 + factor].reduce(0, +) / Float(factor)
        }
    }

    static func silence(seconds: Double) -> [Float] {
        [Float](repeating: 0, count: Int(seconds * 16_000))
    }

    /// White noise, the same each time.
    static func noise(seconds: Double) -> [Float] {
        var state: UInt64 = 42
        return (0..<Int(seconds * 16_000)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 40) / Float(1 << 24) - 0.5) * 0.2
        }
    }

    /// Words changed, left out or added, over the number spoken.
    static func wordErrorRate(_ heard: String, _ spoken: String) -> Double {
        func words(_ text: String) -> [String] {
            text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
        }
        let (heard, spoken) = (words(heard), words(spoken))
        var row = Array(0...heard.count)
        for (index, word) in spoken.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in heard.enumerated() {
                let cost = min(diagonal + (word == other ? 0 : 1), row[column] + 1, row[column + 1] + 1)
                (diagonal, row[column + 1]) = (row[column + 1], cost)
            }
        }
        return Double(row[heard.count]) / Double(spoken.count)
    }

    static let jfk = """
        And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your
        country.
        """

    static let twoCities = """
        It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,
        it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of
        darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing
        before us, we were all going direct to heaven, we were all going direct the other way, in short, the period
        was so far like the present period that some of its noisiest authorities insisted on its being received, for
        good or for evil, in the superlative degree of comparison only.
        """
}

/// Decoded audio that is there already, of one signal or several of the same length.
final class SampleArray: SampleSource {
    private var rest: [ArraySlice<Float>]

    init(_ signals: [Float]...) {
        rest = signals.map { $0[...] }
    }

    var signalCount: Int { rest.count }

    func read(_ count: Int) -> [[Float]] {
        defer { rest = rest.map { $0.dropFirst(count) } }
        return rest.map { Array($0.prefix(count)) }
    }
}

/// Keeps what it is told.
final class Listener: TranscriptionObserver {
    private(set) var segments: [TranscriptSegment] = []
    private(set) var fractions: [Double] = []
    /// Seconds of processor time that this process had used when the observer said first that it cancels.
    private(set) var cancelledAt: Double?
    /// The number of calls before the observer cancels.
    private let questions: Int
    private var questionsAsked = 0

    init(cancelsAfterQuestions questions: Int = .max) {
        self.questions = questions
    }

    var isCancelled: Bool {
        questionsAsked += 1
        guard questionsAsked > questions else { return false }
        cancelledAt = cancelledAt ?? ProcessorBudget.used()
        return true
    }

    func progressed(to fraction: Double) {
        fractions.append(fraction)
    }

    func heard(_ segment: TranscriptSegment) {
        segments.append(segment)
    }

    var text: String { segments.map(\.text).joined(separator: " ") }
}
