import Testing

@testable import KotibWorker

struct VoiceGateTests {
    /// Spans in frames, of frames that are speech where `speech` says so.
    private func spans(_ count: Int, speech: [Range<Int>], quiet: Int? = nil) -> [VoiceSpan] {
        var gate = VoiceGate(rules: rules)
        var spans: [VoiceSpan] = []
        for frame in 0..<count {
            let isSpeech = speech.contains { $0.contains(frame) }
            let power: Float = frame == quiet ? 0 : 1
            if let span = gate.add(.init(probability: isSpeech ? 0.9 : 0.1, power: power)) {
                spans.append(span)
            }
            #expect(gate.firstNeededSample <= frame + 1)
        }
        return spans + gate.finish()
    }

    private var rules: VoiceGate.Rules {
        var rules = VoiceGate.Rules()
        rules.frame = 1
        return rules
    }

    @Test func silenceGivesNothing() {
        #expect(spans(1000, speech: []).isEmpty)
    }

    @Test func speechIsPadded() {
        #expect(spans(200, speech: [50..<100]) == [VoiceSpan(speech: 50..<100, audio: 44..<106)])
    }

    @Test func paddingStaysWithinTheRecording() {
        #expect(spans(100, speech: [2..<98]) == [VoiceSpan(speech: 2..<98, audio: 0..<100)])
    }

    @Test func aClickIsNoSpeech() {
        #expect(spans(100, speech: [50..<57]).isEmpty)
    }

    @Test func aBreathDoesNotEndSpeech() {
        #expect(spans(100, speech: [20..<40, 43..<60]).map(\.speech) == [20..<60])
    }

    @Test func neighboursShareTheSilenceBetweenThem() {
        let found = spans(200, speech: [20..<40, 50..<70])
        #expect(found.map(\.speech) == [20..<40, 50..<70])
        #expect(found.map(\.audio) == [14..<45, 45..<76])
    }

    @Test func longSpeechIsCutWhereItIsQuietest() {
        let found = spans(1500, speech: [0..<1500], quiet: 600)
        let cut = found.first?.audio.upperBound ?? 0
        #expect(abs(cut - 600) <= 1)
        #expect(found.reduce(0) { $0 + $1.audio.count } == 1500)
        #expect(found.allSatisfy { $0.audio.count <= rules.longestSpeech })
    }

    @Test func theLongestStretchFitsAWindow() {
        let rules = VoiceGate.Rules()
        #expect((rules.longestSpeech + 2 * rules.padding) * rules.frame <= WhisperDecoder.longestWindow)
    }

    @Test func speechAtTheEndIsKept() {
        #expect(spans(60, speech: [20..<60]).map(\.speech) == [20..<60])
    }
}
