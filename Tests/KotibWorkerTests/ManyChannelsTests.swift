import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// More channels and tracks than are compared at once.
@Suite struct ManyChannelsTests {
    private let voices: Channels

    init() throws {
        voices = try Channels()
    }

    private func recordings(_ channels: [[Float]]) throws -> FileRecordings {
        try FileRecordings(
            .holding(Channels.wav(channels)), container: Container.wav.rawValue, longestDuration: 3600)
    }

    /// The last two cancel each other out.
    @Test(arguments: [18, 40]) func invertedOnesBehindTheSixteenthAreHeard(_ count: Int) throws {
        let voice = Array(voices.jfk.prefix(64_000))
        let silent = [Float](repeating: 0, count: voice.count)
        let channels = Array(repeating: silent, count: count - 2) + [voice, voice.map { -$0 }]
        let file = try recordings(channels)
        #expect(file.signalCount == 1 && file.warnings.isEmpty && !file.isPlain)
        #expect(likeness(try decode(Channels.wav(channels), "wav"), voice) > 0.95)
    }

    @Test func copiesMakeRoomForTheOthers() throws {
        let voice = Array(voices.jfk.prefix(96_000))
        var channels = Array(repeating: voice, count: 40)
        channels[36] = Array(voices.cities.prefix(96_000))
        let file = try recordings(channels)
        #expect(file.signalCount == 2 && file.warnings.isEmpty)
    }

    @Test func moreVoicesThanAreComparedAreTold() throws {
        let all = voices.jfk + voices.cities + voices.nagg + voices.beckett
        let channels = (0..<20).map { Array(all[$0 * 64_000..<$0 * 64_000 + 64_000]) }
        let file = try recordings(channels)
        #expect(file.warnings == [RecordingWarning(.trackLeftOut)])
        #expect(file.signalCount == DownmixPlan.maxSignals)
    }

    @Test func moreTracksThanAreHeardAreTold() throws {
        func facts(_ tracks: Int) throws -> AudioFacts {
            let maps = (0..<tracks).flatMap { _ in ["-map", "0:a"] }
            let bytes = try Tool.ffmpeg(
                ["-t", "2", "-i", Samples.path("jfk.wav")] + maps + ["-c:a", "aac"], fileExtension: "m4a")
            return try inspect(bytes, "m4a")
        }
        #expect(try facts(RecordingTracks.maxTracks).warnings.isEmpty)
        #expect(
            try facts(RecordingTracks.maxTracks + 1).warnings == [RecordingWarning(.trackLeftOut)])
    }
}
