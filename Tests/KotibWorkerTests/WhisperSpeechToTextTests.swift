import KotibModel
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The real models on real speech. One after the other: each takes all threads that it may.
@Suite(.serialized) struct WhisperSpeechToTextTests {
    let fixture: WhisperFixture

    init() throws {
        fixture = try WhisperFixture()
    }

    /// A transcript, and what was said about it.
    private func transcribe(
        _ samples: [Float], language: String? = "en"
    ) throws -> (listener: Listener, summary: TranscriptionSummary) {
        let listener = Listener()
        let engine = try fixture.engine()
        let summary = try engine.transcribe(
            SampleArray(samples), language: language, expectedDuration: Double(samples.count) / 16_000,
            observer: listener)
        return (listener, try #require(summary))
    }

    @Test func shortSpeechIsHeardAndItsLanguageDetected() throws {
        let (listener, summary) = try transcribe(fixture.speech("jfk"), language: nil)
        #expect(WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.05, "\(listener.text)")
        #expect(summary.language == "en")
        #expect(summary.duration == 11)
        #expect(summary.speech > 5 && summary.speech < 11)
        #expect(summary.processorTime > 0)
    }

    @Test func severalWindowsAreHeardInOrder() throws {
        let (listener, summary) = try transcribe(fixture.speech("two_cities"))
        #expect(
            WhisperFixture.wordErrorRate(listener.text, WhisperFixture.twoCities) <= 0.05, "\(listener.text)")
        var last = 0.0
        for segment in listener.segments {
            #expect(segment.start >= last && segment.end >= segment.start)
            last = segment.end
        }
        #expect(last <= summary.duration)
        #expect(listener.fractions == listener.fractions.sorted())
        #expect(listener.fractions.last == 1)
    }

    @Test(arguments: [4_000, 16_000, 1_000_003]) func portionsDoNotChangeWhatIsHeard(_ portion: Int) throws {
        let speech =
            try fixture.speech("jfk") + WhisperFixture.silence(seconds: 1) + fixture.speech("two_cities")
        func windows(_ portion: Int) throws -> [SpeechWindow] {
            let detector = try VoiceDetector(model: fixture.vadModel)
            var reader = SpeechReader(
                source: SampleArray(speech), detector: detector, lanes: 1, portion: portion)
            var windows: [SpeechWindow] = []
            while !reader.isAtEnd { windows += try reader.advance() }
            return windows
        }
        let whole = try windows(speech.count)
        #expect(whole.count > 1)
        #expect(try windows(portion) == whole)
    }

    @Test(arguments: [WhisperFixture.silence(seconds: 20), WhisperFixture.noise(seconds: 20), []])
    func soundWithoutSpeechGivesNoWords(_ samples: [Float]) throws {
        let (listener, summary) = try transcribe(samples, language: nil)
        #expect(listener.segments.isEmpty, "\(listener.text)")
        #expect(summary.language == nil)
        #expect(summary.speech == 0)
        let isSilent = samples.allSatisfy { $0 == 0 }
        #expect(summary.warnings == (isSilent ? [] : [RecordingWarning(.noSpeechHeard, seconds: 20)]))
        #expect(listener.fractions.last == 1)
    }

    /// Backwards it is a voice still.
    @Test func aVoiceWithoutWordsIsTold() throws {
        let (listener, summary) = try transcribe(Array(fixture.speech("jfk").reversed()))
        #expect(listener.segments.isEmpty, "\(listener.text)")
        #expect(summary.speech > 5)
        #expect(
            summary.warnings == [RecordingWarning(.speechWithoutWords, seconds: summary.speech)])
    }

    @Test func aVoiceWithoutWordsBesideWordsIsTold() throws {
        let jfk = try fixture.speech("jfk")
        let (listener, summary) = try transcribe(
            jfk + WhisperFixture.silence(seconds: 10) + jfk.reversed())
        #expect(WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.05, "\(listener.text)")
        #expect(summary.warnings.map(\.code) == [.soundSetAside])
        #expect(try #require(summary.warnings.first?.seconds) > 5)
    }

    @Test func speechOnBothSidesOfALongSilenceKeepsItsTimes() throws {
        let speech = try fixture.speech("jfk")
        let gap = WhisperFixture.silence(seconds: 30)
        let (listener, _) = try transcribe(speech + gap + speech)
        let before = listener.segments.filter { $0.end < 15 }
        let after = listener.segments.filter { $0.start > 35 }
        #expect(before.count + after.count == listener.segments.count)
        for part in [before, after] {
            let text = part.map(\.text).joined(separator: " ")
            #expect(WhisperFixture.wordErrorRate(text, WhisperFixture.jfk) <= 0.05, "\(text)")
        }
        // Speech begins at 0.3 s and ends at 10.4 s of the recording.
        #expect(abs(try #require(before.first).start - 0.3) <= 0.5)
        #expect(abs(try #require(before.last).end - 10.6) <= 0.5)
        #expect(abs(try #require(after.first).start - 41.3) <= 0.5)
        #expect(abs(try #require(after.last).end - 51.6) <= 0.5)
    }

    /// With threads that wait spinning this takes long on a busy machine.
    @Test(.enabled(if: WhisperSpeechToText.threadsWaitAsleep))
    func threadsThatShareAWindowHearTheSame() throws {
        let speech = Array(try fixture.speech("jfk").prefix(48_000))
        let listener = Listener()
        let engine = try fixture.engine(sharesWindows: true)
        _ = try engine.transcribe(
            SampleArray(speech), language: "en", expectedDuration: 3, observer: listener)
        #expect(try transcribe(speech).listener.segments == listener.segments)
        #expect(!listener.segments.isEmpty)
    }

    /// whisper.cpp keeps memory from window to window; what it reads of it must be this window's.
    @Test func earlierRecordingLeavesNoTrace() throws {
        let engine = try fixture.engine(threads: 1)
        func hear(_ samples: [Float]) throws -> [TranscriptSegment] {
            let listener = Listener()
            _ = try engine.transcribe(
                SampleArray(samples), language: "en", expectedDuration: 0, observer: listener)
            return listener.segments
        }
        let speech = Array(try fixture.speech("endgame_nagg_nell").prefix(112_000))
        let fresh = try hear(speech)
        _ = try hear(Array(fixture.speech("two_cities").prefix(320_000)))
        #expect(try hear(speech) == fresh)
        #expect(!fresh.isEmpty)
    }

    @Test func cancellingEndsSoonAndLeavesTheEngineUsable() throws {
        let engine = try fixture.engine()
        let speech = try fixture.speech("two_cities")
        // The observer is asked every 50 ms during a window.
        let listener = Listener(cancelsAfterQuestions: 14)
        let summary = try engine.transcribe(
            SampleArray(speech + speech + speech), language: "en", expectedDuration: 133, observer: listener)
        #expect(summary == nil)
        // The time of other programs does not count.
        #expect(ProcessorBudget.used() - (try #require(listener.cancelledAt)) < 1)

        let next = Listener()
        _ = try engine.transcribe(
            SampleArray(try fixture.speech("jfk")), language: "en", expectedDuration: 11, observer: next)
        #expect(WhisperFixture.wordErrorRate(next.text, WhisperFixture.jfk) <= 0.05, "\(next.text)")
    }

    @Test func aBrokenSourceEndsTheTranscription() throws {
        final class Broken: SampleSource {
            let signalCount = 1
            func read(_ count: Int) throws -> [[Float]] { throw EngineFailure(message: "broken") }
        }
        let engine = try fixture.engine(threads: 1)
        #expect(throws: EngineFailure.self) {
            try engine.transcribe(Broken(), language: nil, expectedDuration: 1, observer: Listener())
        }
    }

    @Test func aFileThatIsNoModelIsSaidToBeNone() throws {
        let error = #expect(throws: EngineFailure.self) {
            try WhisperSpeechToText(model: "/nowhere/ggml-x.bin", vadModel: fixture.vadModel, threads: 1)
        }
        #expect(error?.message.contains("/nowhere/ggml-x.bin") == true)
    }

    @Test func anUnknownLanguageIsRefused() throws {
        let engine = try fixture.engine(threads: 1)
        #expect(throws: EngineFailure.self) {
            try engine.transcribe(SampleArray([]), language: "xx", expectedDuration: 0, observer: Listener())
        }
    }
}
