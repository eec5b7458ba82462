import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The identity of a recording's sound, whatever its tags say and however long it goes on.
@Suite struct SoundTests {
    private func facts(_ bytes: [UInt8], _ ending: String, after earlier: SoundIdentity? = nil) throws
        -> AudioFacts
    {
        let request = InspectRequest(
            request: 1, fileExtension: ending, size: Int64(bytes.count), longestDuration: 3600,
            earlier: earlier)
        return try RecordingInspector(MagicDatabase()).inspect(OpenFile.holding(bytes), request)
    }

    /// Rewrites the tags: the packets stay, ffmpeg writes everything around them again.
    private func retagged(_ bytes: [UInt8], _ ending: String, _ options: [String]) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let input = folder.path + "/in.\(ending)"
        try TemporaryFolder.write(bytes, to: input)
        return try Tool.ffmpeg(
            [
                "-i", input, "-c", "copy", "-metadata", "title=Another", "-metadata",
                "artist=One",
            ]
                + options, fileExtension: ending)
    }

    @Test(
        arguments: [
            ("mp3", ["-write_id3v1", "1"]), ("mp3", ["-id3v2_version", "4"]),
            ("m4a", ["-movflags", "+faststart"]),
            ("m4a", []), ("flac", []), ("ogg", []), ("opus", []), ("wav", []), ("webm", []),
        ] as [(String, [String])])
    func otherTagsAreTheSameSound(_ ending: String, _ options: [String]) throws {
        let codec = [
            "ogg": ["-c:a", "libvorbis"], "opus": ["-c:a", "libopus"], "webm": ["-c:a", "libopus"],
        ]
        let original = try Recording(ending, ending, codec[ending] ?? []).bytes()
        let before = try facts(original, ending)
        let other = try retagged(original, ending, options)
        let after = try facts(other, ending)
        #expect(before.sha256 != after.sha256)
        #expect(before.sound != nil && before.sound == after.sound)
        #expect(after.isSameRecording(as: before))
        let shorter = try facts(Recording(ending, ending, codec[ending] ?? []).bytes(seconds: 3), ending)
        #expect(shorter.sound != before.sound)
    }

    /// APE (Monkey's Audio tag, version 2) and ID3v1 behind the last frame, ID3v2 before the first.
    @Test func tagsAroundBareFramesAreNoSound() throws {
        let bare = try Recording("mp3", "mp3", ["-write_xing", "0", "-id3v2_version", "0"]).bytes()
        let sound = try #require(try facts(bare, "mp3").sound)
        let ape = Array("APETAGEX".utf8) + [0xD0, 7, 0, 0, 32, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
        let id3v1 = Array("TAG".utf8) + [UInt8](repeating: 0x41, count: 125)
        let id3v2 = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 20] + [UInt8](repeating: 0, count: 20)
        for tagged in [bare + ape, bare + id3v1, bare + ape + id3v1, id3v2 + bare] {
            #expect(try facts(tagged, "mp3").sound == sound)
        }
    }

    @Test(arguments: [
        Recording("mp3, bare frames", "mp3", ["-write_xing", "0", "-id3v2_version", "0"]),
        Recording("mp3", "mp3"), Recording("wav", "wav"),
        Recording("flac", "flac", ["-frame_size", "1024"]),
        Recording("ogg", "ogg", ["-c:a", "libopus"]), Recording("aac", "aac"),
    ])
    func grownSoundBeginsWithTheEarlierOne(_ recording: Recording) throws {
        let ending = recording.fileExtension
        // All parts of one encoding: the sizes in the headers differ with each part.
        let whole = try recording.bytes(seconds: 8.192)
        // ffmpeg copies the number of samples that a FLAC file says; 4.096 s are 64 of its blocks.
        let first =
            try ending == "flac" ? recording.bytes(seconds: 4.096) : cut(whole, ending, seconds: 4)
        let earlier = try #require(try facts(first, ending).sound)
        let grown = try facts(whole, ending, after: earlier)
        #expect(grown.continues == earlier)
        #expect(grown.sound.map { $0.size > earlier.size } == true)
        // Neither the unchanged file nor another one is a continuation.
        #expect(try facts(first, ending, after: earlier).continues == nil)
        let other = SoundIdentity(sha256: [UInt8](repeating: 7, count: 32), size: earlier.size)
        #expect(try facts(whole, ending, after: other).continues == nil)
        #expect(try facts(whole, ending).continues == nil)
    }

    private func cut(_ bytes: [UInt8], _ ending: String, seconds: Int) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let input = folder.path + "/in.\(ending)"
        try TemporaryFolder.write(bytes, to: input)
        return try Tool.ffmpeg(
            ["-i", input, "-t", "\(seconds)", "-c", "copy"], fileExtension: ending)
    }

    /// An edit list or another rate makes another recording.
    @Test func anotherRateIsAnotherSound() throws {
        var bytes = try Recording("wav", "wav").bytes()
        let before = try facts(bytes, "wav")
        bytes[24...27] = [0x40, 0x1F, 0, 0]  // 8000 Hz (WAVE, nSamplesPerSec)
        #expect(try facts(bytes, "wav").sound != before.sound)
    }

    /// ADPCM and GSM (6.10) say their rate nowhere else.
    @Test(arguments: ["adpcm_ms", "adpcm_ima_wav", "libgsm_ms"])
    func anotherRateOfOtherCodingsIsAnotherSound(_ codec: String) throws {
        var bytes = try Recording("wav", "wav", ["-c:a", codec], rate: 8_000).bytes()
        let before = try facts(bytes, "wav")
        #expect(try facts(retagged(bytes, "wav", []), "wav").sound == before.sound)
        bytes.setLittleEndian(11_025, at: 24)
        #expect(try facts(bytes, "wav").sound != before.sound)
    }

    /// All tracks count, not only the one that is transcribed first.
    @Test func anotherSecondTrackIsAnotherSound() throws {
        let speech = try Samples.path("jfk.wav")
        func tracks(_ frequency: Int) throws -> [UInt8] {
            try Tool.ffmpeg(
                [
                    "-t", "5", "-i", speech, "-f", "lavfi", "-t", "5", "-i", "sine=frequency=\(frequency)",
                    "-map", "0", "-map", "1", "-c:a", "aac",
                ], fileExtension: "m4a")
        }
        #expect(try facts(tracks(300), "m4a").sound != facts(tracks(400), "m4a").sound)
    }
}
