import Testing

@testable import KotibWorker

/// Packing speech into windows, and finding the way back.
struct WhisperWindowTests {
    /// A piece of that many seconds after a pause of that many.
    private func pieces(_ list: [(pause: Double, speech: Double)]) -> [SpeechPiece] {
        var at = 0
        return list.map { entry in
            let start = at + Int(entry.pause * 16_000)
            at = start + Int(entry.speech * 16_000)
            return SpeechPiece(
                span: VoiceSpan(speech: start..<at, audio: start..<at),
                samples: [Float](repeating: 0, count: at - start))
        }
    }

    /// Four seconds of speech after half a second of silence, again and again.
    private func repeated(_ count: Int) -> [(pause: Double, speech: Double)] {
        Array(repeating: (pause: 0.5, speech: 4), count: count)
    }

    private func windows(_ pieces: [SpeechPiece], lanes: Int = 2) -> [SpeechWindow] {
        var packer = SpeechPacker(capacity: 30 * 16_000, lanes: lanes)
        return pieces.flatMap { packer.add($0) } + packer.finish()
    }

    private func seconds(_ windows: [SpeechWindow]) -> [Double] {
        windows.map { Double($0.length) / 16_000 }
    }

    @Test func aShortRecordingIsOneWindow() {
        #expect(seconds(windows(pieces([(1, 8), (1, 9), (1, 7)]))) == [24])
    }

    @Test func aRecordingOfOneAndAHalfWindowsIsSharedEvenly() {
        #expect(seconds(windows(pieces(repeated(11)))) == [24, 20])
    }

    @Test func noWindowExceedsTheCapacityAndNothingIsLost() {
        let list = (0..<200).map { index -> (pause: Double, speech: Double) in
            (pause: 0.2 + Double(index % 7) * 0.1, speech: 1 + Double(index * 13 % 28))
        }
        let all = pieces(list)
        let packed = windows(all)
        #expect(packed.allSatisfy { $0.length <= 30 * 16_000 })
        #expect(packed.flatMap(\.pieces) == all)
    }

    @Test func aCutGoesToTheLongestPause() {
        let list = [(0.3, 5.0), (0.3, 5.0), (0.3, 5.0), (0.3, 5.0), (1.5, 5.0), (0.3, 5.0), (0.3, 5.0)]
        #expect(seconds(windows(pieces(list))) == [20, 15])
    }

    @Test func noWindowReachesOverALongSilence() {
        #expect(seconds(windows(pieces([(0, 3), (6, 4), (1, 5)]))) == [3, 9])
    }

    @Test func onlyAFewWindowsWait() {
        var packer = SpeechPacker(capacity: 30 * 16_000, lanes: 2)
        var waiting = 0
        for piece in pieces(repeated(500)) {
            waiting += piece.samples.count
            waiting -= packer.add(piece).reduce(0) { $0 + $1.length }
            #expect(waiting <= 2 * packer.capacity)
        }
    }

    @Test(arguments: [(16_000, 512), (143_360, 512), (143_361, 768), (WhisperDecoder.longestWindow, 1280)])
    func theContextFollowsTheLengthInWholeSteps(_ samples: Int, _ positions: Int) {
        #expect(WhisperDecoder.context(for: samples, longest: 1280) == positions)
    }

    @Test func timesLeadBackToTheRecording() {
        let window = SpeechWindow(pieces: pieces([(10, 2), (5, 3)]))
        let second = 16_000
        #expect(window.position(of: 0, isStart: true) == 10 * second)
        #expect(window.position(of: second, isStart: true) == 11 * second)
        #expect(window.position(of: 2 * second, isStart: true) == 17 * second)
        #expect(window.position(of: 2 * second, isStart: false) == 12 * second)
        #expect(window.position(of: 4 * second, isStart: false) == 19 * second)
        #expect(window.position(of: 9 * second, isStart: false) == 20 * second)
    }

    /// Whisper's times are not exact: what begins or ends in the silence around a pause does so at the pause.
    @Test func theSilenceAroundAPauseBelongsToNoWord() {
        let second = 16_000
        let list = [(10, 12), (15, 18)].map { start, end in
            let audio = start * second..<end * second
            let span = VoiceSpan(speech: audio.lowerBound + 3_200..<audio.upperBound - 3_200, audio: audio)
            return SpeechPiece(span: span, samples: [Float](repeating: 0, count: audio.count))
        }
        let window = SpeechWindow(pieces: list)
        #expect(window.position(of: 2 * second - 3_200, isStart: true) == 15 * second)
        #expect(window.position(of: 2 * second - 3_201, isStart: true) == 12 * second - 3_201)
        #expect(window.position(of: 2 * second + 3_200, isStart: false) == 12 * second)
        #expect(window.position(of: 2 * second + 3_201, isStart: false) == 15 * second + 3_201)
        #expect(window.position(of: 5 * second - 100, isStart: true) == 18 * second - 100)
    }

    @Test func aWindowComesInPartsOfAboutTheSameLength() {
        let window = SpeechWindow(pieces: pieces(repeated(5)) + pieces([(30, 12)]))
        let parts = window.parts(upTo: 5 * 16_000)
        #expect(parts.allSatisfy { $0.length <= 5 * 16_000 })
        #expect(parts.flatMap(\.samples) == window.samples)
        #expect(seconds(parts).dropLast(3) == [4, 4, 4, 4, 4])
        let audio = parts.flatMap(\.pieces).map(\.span.audio)
        #expect(zip(audio, audio.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
    }

    @Test func aPieceWithoutAPauseIsCutWhereItIsQuietest() {
        var samples = [Float](repeating: 0.1, count: 12 * 16_000)
        for at in 56_000..<60_000 { samples[at] = 0 }
        let audio = 16_000..<16_000 + samples.count
        let window = SpeechWindow(pieces: [
            SpeechPiece(span: VoiceSpan(speech: audio, audio: audio), samples: samples)
        ])
        let parts = window.parts(upTo: 5 * 16_000)
        #expect((56_000...60_000).contains(parts[0].length))
        #expect(parts.allSatisfy { (16_000...80_000).contains($0.length) })
        #expect(parts.flatMap(\.samples) == samples)
    }
}
