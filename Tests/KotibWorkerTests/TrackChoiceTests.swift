import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The tracks that are chosen to be transcribed.
@Suite struct TrackChoiceTests {
    private func tracks(_ arguments: [String], _ ending: String) throws -> Decoder {
        let bytes = try Tool.ffmpeg(arguments, fileExtension: ending)
        return try Channels.decoder(bytes, try #require(Container.extensions[ending]))
    }

    private static let quietFirst = [
        "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=4", "-itsoffset", "3", "-i",
    ]

    /// A recorder of the screen that puts the microphone second, and begins it later.
    @Test(arguments: [
        ("m4a", "aac"), ("mp4", "aac"), ("webm", "libopus"), ("wma", "wmav2"), ("ogg", "libopus"),
    ])
    func theTrackThatHasSoundIsHeard(ending: String, codec: String) throws {
        let decoder = try tracks(
            Self.quietFirst + [Samples.path("jfk.wav"), "-map", "0:a", "-map", "1:a", "-c:a", codec], ending)
        #expect(decoder.signalCount == 1)
        let samples = try Channels.all(decoder)[0]
        let expected = Channels.silence(3) + (try WhisperFixture().speech("jfk"))
        #expect(abs(samples.count - expected.count) < 2_400, "\(samples.count)")
        #expect(likeness(samples, expected) > 0.9)
        #expect(abs(decoder.expectedDuration - Double(expected.count) / 16_000) < 3.2)
    }

    @Test func theSameSoundOnTwoTracksIsHeardOnce() throws {
        let jfk = try Samples.path("jfk.wav")
        let decoder = try tracks(
            [
                "-i", jfk, "-i", jfk, "-map", "0:a", "-map", "1:a", "-c:a", "aac", "-b:a:0", "96k", "-b:a:1",
                "24k",
                "-ar:a:1", "16000",
            ], "m4a")
        #expect(decoder.signalCount == 1)
    }

    @Test func twoSpeakersOnTwoTracksAreHeardEach() throws {
        let decoder = try tracks(
            [
                "-i", Samples.path("jfk.wav"), "-i", Samples.path("two_cities.wav"), "-filter_complex",
                "[1]volume=12dB,atrim=0:14[b]", "-map", "0:a", "-map", "[b]", "-c:a", "aac",
            ], "mp4")
        #expect(decoder.signalCount == 2)
        // The longer one counts.
        #expect(try abs(Channels.all(decoder)[0].count - 14 * 16_000) < 2_400)
    }

    @Test func aTrackThatCannotBeDecodedIsNoReasonToLoseTheOther() throws {
        let decoder = try tracks(
            [
                "-i", Samples.path("two_cities.wav"), "-i", Samples.path("jfk.wav"), "-map", "0:a", "-map",
                "1:a",
                "-c:a:0", "dca", "-strict", "-2", "-ar:a:0", "48000", "-c:a:1", "aac",
            ], "mp4")
        #expect(try likeness(Channels.all(decoder)[0], WhisperFixture().speech("jfk")) > 0.9)
    }

    @Test func theLongestTrackIsTheRecordingsLength() throws {
        let bytes = try Tool.ffmpeg(
            [
                "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=4", "-i", Samples.path("jfk.wav"), "-map",
                "0:a",
                "-map", "1:a", "-c:a", "aac",
            ], fileExtension: "m4a")
        let request = InspectRequest(
            request: 1, fileExtension: "m4a", size: Int64(bytes.count), longestDuration: 60)
        let facts = try RecordingInspector(try MagicDatabase()).inspect(.holding(bytes), request)
        #expect(abs(facts.duration - 11) < 0.1)
        #expect(facts.channels == 3 && facts.warnings.isEmpty)
        #expect(throws: Rejection.self) {
            var short = request
            short.longestDuration = 8
            _ = try RecordingInspector(try MagicDatabase()).inspect(.holding(bytes), short)
        }
    }

    @Test func aTrackThatIsLeftOutIsTold() throws {
        let bytes = try Tool.ffmpeg(
            [
                "-i", Samples.path("jfk.wav"), "-i", Samples.path("two_cities.wav"), "-map", "0:a", "-map",
                "1:a",
                "-c:a:0", "aac", "-c:a:1", "dca", "-strict", "-2", "-ar:a:1", "48000",
            ], fileExtension: "mp4")
        let facts = try RecordingInspector(try MagicDatabase()).inspect(
            .holding(bytes),
            InspectRequest(request: 1, fileExtension: "mp4", size: Int64(bytes.count), longestDuration: 60))
        #expect(facts.warnings.map(\.code) == [.trackLeftOut])
        #expect(abs(facts.duration - 11) < 0.1)
    }

    /// DTS beside AAC, as cameras and disc rips have it; AC-3 in WebM, which nobody is to write, beside Opus.
    private static let unheardFirst: [(ending: String, first: [String], second: [String])] = [
        ("mp4", ["dca", "-strict", "-2", "-ar:a:0", "48000"], ["aac"]),
        ("webm", ["ac3", "-ar:a:0", "48000"], ["libopus"]),
    ]

    private func twoTracks(
        _ ending: String, _ first: [String], _ second: [String], seconds: Double = 11
    ) throws -> [UInt8] {
        let muxer = ending == "webm" ? ["-f", "matroska"] : []
        return try Tool.ffmpeg(
            [
                "-i", Samples.path("two_cities.wav"), "-t", "\(seconds)", "-i", Samples.path("jfk.wav"),
                "-map", "0:a", "-map", "1:a", "-c:a:0",
            ] + first + ["-c:a:1"] + second + muxer, fileExtension: ending)
    }

    @Test(arguments: unheardFirst)
    func theFirstThatCanBeHeardIsTheFirst(
        _ ending: String, _ first: [String], _ second: [String]
    ) throws {
        let bytes = try twoTracks(ending, first, second)
        let facts = try inspect(bytes, ending)
        #expect(facts.codec == (ending == "mp4" ? "aac" : "opus"))
        #expect(facts.channels == 1 && facts.warnings == [RecordingWarning(.trackLeftOut)])
        #expect(abs(facts.duration - 11) < 0.1)
        #expect(try likeness(decode(bytes, ending), WhisperFixture().speech("jfk")) > 0.9)
        #expect(try refusal(Array(bytes.dropLast(bytes.count / 3)), ending) == .incomplete)
        #expect(
            try inspect(twoTracks(ending, first, second, seconds: 5), ending).sound != facts.sound)
    }

    @Test func undecodableTracksNameTheFirst() throws {
        let bytes = try twoTracks("webm", ["ac3"], ["alac"])
        #expect(try refusal(bytes, "webm") == RejectionDetail.codec("ac3"))
    }
}
