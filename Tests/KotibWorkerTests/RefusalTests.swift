import KotibModel
import KotibPOSIX
import Testing

@testable import KotibWorker

@Suite struct RefusalTests {
    private static let endings = AudioFileExtension.allCases.map(\.rawValue)

    @Test(arguments: endings)
    func nonAudioIsNamed(_ ending: String) throws {
        let text = Array("The quick brown fox jumps over the lazy dog.\n".utf8)
        #expect(try refusal(text, ending) == .notAudio(found: "text/plain"))
        let page = Array("<!DOCTYPE html><html><head><title>x</title></head><body>404</body></html>".utf8)
        #expect(try refusal(page, ending) == .notAudio(found: "text/html"))
        let document = Array("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".utf8)
        #expect(try refusal(document, ending) == .notAudio(found: "application/pdf"))
        #expect(try refusal([], ending) == .empty)
        let noise = SeededGenerator.bytes(10_000, seed: 1)
        #expect(try refusal(noise, ending) == .notAudio(found: "application/octet-stream"))
    }

    @Test func aPictureIsNoAudio() throws {
        let picture = try Tool.ffmpeg(
            ["-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1"], fileExtension: "png")
        for ending in Self.endings {
            #expect(try refusal(picture, ending) == .notAudio(found: "image/png"))
        }
    }

    @Test func anUnknownEndingIsRefused() throws {
        guard case .unsupportedExtension? = try refusal([1, 2, 3], "exe") else {
            Issue.record("not refused")
            return
        }
    }

    @Test(arguments: endings)
    func playlistsAreRefused(_ ending: String) throws {
        let playlists = [
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            "#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/x.mp3\n",
            "ffconcat version 1.0\nfile '/etc/passwd'\n",
            "[Reference]\r\nRef1=http://127.0.0.1:9/x.wma\r\n",
            "<ASX version=\"3.0\"><Entry><Ref href=\"http://127.0.0.1:9/x.wma\"/></Entry></ASX>\n",
        ]
        for playlist in playlists {
            // Some versions of libmagic take a Windows Media playlist for the media itself; then the demuxer
            // refuses it, which supports no playlists.
            let isRefused: Bool =
                switch try refusal(Array(playlist.utf8), ending) {
                case .notAudio?, .wrongKind?, .damaged?: true
                default: false
                }
            #expect(isRefused, "taken as \(ending): \(playlist)")
        }
    }

    @Test func ofAVideoOnlyTheSoundIsLookedAt() throws {
        for video in Recording.videos {
            let facts = try inspect(Recording.video(video.ending, video.options), video.ending)
            #expect(abs(facts.duration - 2) < 0.2, "\(video.ending)")
            #expect(video.options.contains(facts.codec) || ["opus", "vorbis"].contains(facts.codec))
        }
    }

    @Test func aCodecThatTheContainerIsNotMadeForIsNotOpened() throws {
        // libav writes and decodes it, no recorder makes it.
        let bytes = try Tool.ffmpeg(
            ["-t", "1", "-i", Samples.path("jfk.wav"), "-c:a", "alac", "-f", "matroska"],
            fileExtension: "webm")
        #expect(try refusal(bytes, "webm") == RejectionDetail.codec("alac"))
    }

    @Test func videoWithoutSoundHasNoSound() throws {
        let video = try Tool.ffmpeg(
            ["-f", "lavfi", "-i", "testsrc=size=64x64", "-t", "1", "-c:v", "mpeg4"], fileExtension: "mp4")
        #expect(try refusal(video, "m4a") == RejectionDetail.silent)
        #expect(try refusal(video, "mp4") == RejectionDetail.silent)
    }

    /// A mebibyte of AMR frames that say "no data", each of one byte and 20 ms: almost six hours.
    @Test func aDurationBombOfATelephoneIsStoppedEarly() throws {
        let bytes = Array("#!AMR\n".utf8) + [UInt8](repeating: 0x7c, count: 1 << 20)
        let start = ProcessorBudget.used()
        guard case .tooLong(let duration, 600)? = try refusal(bytes, "amr", longest: 600) else {
            Issue.record("not refused as too long")
            return
        }
        #expect(duration > 600)
        #expect(ProcessorBudget.used() - start < 5)
    }

    @Test(arguments: Recording.plain.dropFirst())
    func aValidHeaderOverRubbishIsDamaged(_ recording: Recording) throws {
        var bytes = try recording.bytes()
        let sound = try soundRange(bytes, recording)
        bytes.replaceSubrange(sound, with: SeededGenerator.bytes(sound.count, seed: 2))
        let rejection = try #require(try refusal(bytes, recording.fileExtension))
        // FLAC and MP3 find fewer frames than promised; nothing else tells rubbish from a lost part there.
        let isRight = if case .damaged = rejection { true } else { rejection == .incomplete }
        #expect(isRight, "\(rejection)")
    }

    /// The range of the coded sound without the first frames; all boxes stay as they are.
    private func soundRange(_ bytes: [UInt8], _ recording: Recording) throws -> Range<Int> {
        if recording.fileExtension == "mp3" { return 700..<bytes.count }
        if recording.fileExtension == "flac" { return 9_000..<bytes.count }
        let start = try #require(bytes.firstRange(of: Array("mdat".utf8))?.upperBound)
        let size = bytes[start - 8..<start - 4].reduce(0) { $0 << 8 | Int($1) }
        return start..<start - 8 + size
    }

    @Test(arguments: Recording.plain)
    func aDamagedMiddleIsForgiven(_ recording: Recording) throws {
        var bytes = try recording.bytes()
        let middle = bytes.count / 2
        bytes.replaceSubrange(middle..<middle + 20, with: [UInt8](repeating: 0x55, count: 20))
        #expect(abs(try inspect(bytes, recording.fileExtension).duration - 5) < 0.2)
    }
}

extension SeededGenerator {
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(state: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
