import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The inspection's result for `bytes` for which nothing more is waited.
private func takeAsItIs(_ bytes: [UInt8], _ fileExtension: String) throws -> AudioFacts {
    try inspect(bytes, fileExtension, takesIncomplete: true)
}

/// Files that hold less or more sound than they say.
@Suite struct DoubtfulFileTests {
    /// A recording of `seconds` at 16 kHz, 16 bit, mono: 44 bytes of header.
    private func wave(_ seconds: Double = 5, _ options: [String] = [], rate: Int = 16_000) throws -> [UInt8] {
        try Recording("wav", "wav", ["-bitexact"] + options, rate: rate).bytes(seconds: seconds)
    }

    /// Writers that count the header in, that reckon with two channels or are off by the size of another
    /// header.
    @Test(arguments: [(44, 1), (36, 1), (0, 2), (0, 1000)])
    func aWaveThatPromisesMoreIsTakenAsFarAsItGoes(_ extra: Int, _ factor: Int) throws {
        var bytes = try wave()
        bytes.setLittleEndian(160_000 * factor + extra, at: 40)
        #expect(try refusal(bytes, "wav") == .incomplete)
        let facts = try takeAsItIs(bytes, "wav")
        #expect(facts.duration == 5)
        let missing = factor > 1 ? 5 * Double(factor - 1) : nil
        #expect(facts.warnings == [RecordingWarning(.shorterThanPromised, seconds: missing)])
        #expect(try decode(bytes, "wav").count == 80_000)
    }

    @Test func aFrameThatIsCutIsLeftOut() throws {
        let bytes = Array(try Recording("mp3", "mp3", ["-write_xing", "0"]).bytes().dropLast(30))
        #expect(try refusal(bytes, "mp3") == .incomplete)
        let facts = try takeAsItIs(bytes, "mp3")
        #expect(abs(facts.duration - 5) < 0.15)
        #expect(facts.warnings.map(\.code) == [.shorterThanPromised])
    }

    @Test(arguments: Recording.plain + Recording.phone)
    func halfARecordingIsHalfHeard(_ recording: Recording) throws {
        let whole = try recording.bytes()
        let bytes = Array(whole[..<(whole.count * 55 / 100)])
        // Between two frames of a container without lengths nothing is missing.
        let isSeen = try refusal(bytes, recording.fileExtension) == .incomplete
        do {
            let facts = try takeAsItIs(bytes, recording.fileExtension)
            #expect((1..<4).contains(facts.duration))
            #expect(facts.warnings.map(\.code) == (isSeen ? [.shorterThanPromised] : []))
            #expect(facts.sha256.count == 32)
            let heard = Double(try decode(bytes, recording.fileExtension).count) / 16_000
            #expect(abs(heard - facts.duration) < 0.25)
        } catch let rejection as Rejection where rejection == RejectionDetail.fragment {
            // The index, which is written last, says where the sound lies.
            #expect(recording.testDescription == "m4a, index last" || recording.isIndexedLast)
        }
    }

    @Test func undecodableIncompleteFileStaysRefused() throws {
        let whole = try Recording("m4a, index last", "m4a").bytes()
        #expect(try refusal(Array(whole[..<(whole.count / 2)]), "m4a") == .incomplete)
        #expect(throws: RejectionDetail.fragment) {
            try takeAsItIs(Array(whole[..<(whole.count / 2)]), "m4a")
        }
        for recording in Recording.plain {
            let start = Array(try recording.bytes(seconds: 1)[..<40])
            #expect(throws: RejectionDetail.fragment) { try takeAsItIs(start, recording.fileExtension) }
        }
    }

    @Test(arguments: Recording.plain + Recording.unusual + Recording.phone)
    func completeFileHasNoWarning(_ recording: Recording) throws {
        let bytes = try recording.bytes()
        let facts = try takeAsItIs(bytes, recording.fileExtension)
        #expect(facts == (try inspect(bytes, recording.fileExtension)))
        #expect(facts.warnings.isEmpty)
    }

    @Test(arguments: Recording.plain)
    func textThatChangesWhileReadIsNotRecorded(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 2)
        let file = try OpenFile.holding(bytes)
        for size in [bytes.count - 1, bytes.count + 1, bytes.count * 2] {
            let request = InspectRequest(
                request: 1, fileExtension: recording.fileExtension, size: Int64(size), longestDuration: 3600,
                takesIncomplete: true)
            #expect(throws: Rejection.incomplete) {
                try RecordingInspector(MagicDatabase()).inspect(file, request)
            }
        }
    }
}

/// More sound than the header says.
extension DoubtfulFileTests {
    @Test(arguments: [[], ["-rf64", "always"]])
    func soundBehindTheStatedEndIsHeard(_ options: [String]) throws {
        var bytes = try wave(5, options)
        let isLong = !options.isEmpty
        let field = isLong ? 12 + 8 + 8 : 40
        bytes.setLittleEndian(64_000, at: field)
        if isLong { bytes.setLittleEndian(0, at: field + 4) }
        let facts = try inspect(bytes, "wav")
        #expect(facts.duration == 5)
        #expect(facts.warnings == [RecordingWarning(.longerThanPromised, seconds: 3)])
        #expect(try decode(bytes, "wav").count == 80_000)
    }

    @Test func joinedWavesAreHeardOneAfterTheOther() throws {
        let bytes = try wave(5) + wave(2) + wave(1, rate: 8_000)
        let facts = try inspect(bytes, "wav")
        #expect(facts.duration == 8)
        #expect(facts.warnings == [RecordingWarning(.longerThanPromised, seconds: 3)])
        let samples = try decode(bytes, "wav")
        #expect(abs(samples.count - 128_000) < 100)
        #expect(samples[80_000..<112_000].elementsEqual(samples[..<32_000]))
        // The last one may still be on its way.
        let cut = Array(bytes.dropLast(100))
        #expect(try refusal(cut, "wav") == .incomplete)
        #expect(
            try takeAsItIs(cut, "wav").warnings.map(\.code) == [.shorterThanPromised, .longerThanPromised])
    }

    @Test(arguments: Recording.plain.dropFirst() + Recording.phoneKinds)
    func otherJoinedRecordingsAreHeardToo(_ recording: Recording) throws {
        let bytes = try recording.bytes() + recording.bytes(seconds: 2)
        let facts = try inspect(bytes, recording.fileExtension)
        // Because the timestamps have no gap, a bit is lost where the second part begins.
        #expect(abs(facts.duration - 7) < 0.3)
        let heard = Double(try decode(bytes, recording.fileExtension).count) / 16_000
        #expect(abs(heard - 7) < 0.5)
    }

    private func chunk(_ name: String, _ content: [UInt8], bigEndian: Bool = false) -> [UInt8] {
        let size = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
        let padding = [UInt8](repeating: 0, count: content.count % 2)
        return Array(name.utf8) + (bigEndian ? size.reversed() : size) + content + padding
    }

    /// libav plays one of them; an editor of broadcast waves and some recorders write several.
    @Test func eachChunkOfSoundIsHeard() throws {
        let (first, second) = (try wave(5), Array(try wave(7)[44 + 5 * 32_000..<44 + 7 * 32_000]))
        let text = chunk("LIST", [UInt8](repeating: 0x61, count: 1_001))
        for between in [[], text] {
            let bytes = first + between + chunk("data", second) + text
            let facts = try inspect(bytes, "wav")
            #expect(facts.duration == 7)
            #expect(facts.warnings == [RecordingWarning(.longerThanPromised, seconds: 2)])
            #expect(try decode(bytes, "wav") == decode(wave(7), "wav"))
            let three = bytes + chunk("data", []) + chunk("data", second)
            #expect(try inspect(three, "wav").duration == 9)
        }
        let cut = Array((first + chunk("data", second)).dropLast(1_000))
        #expect(try refusal(cut, "wav") == .incomplete)
        #expect(try takeAsItIs(cut, "wav").duration == 7 - 500 / 16_000.0)
    }

    @Test func aChunkOfSoundMayHaveAFormatOfItsOwn() throws {
        let other = try wave(2, rate: 8_000)
        let bytes = try wave(5) + other[12..<36] + chunk("data", Array(other[44...]))
        #expect(try inspect(bytes, "wav").duration == 7)
        let samples = try decode(bytes, "wav")
        #expect(abs(samples.count - 112_000) < 50)
        #expect(try likeness(Array(samples[80_000...]), decode(wave(2), "wav")) > 0.95)
    }

    @Test func eachChunkOfABigEndianWaveIsHeard() throws {
        let little = try wave(3)
        let sound = stride(from: 44, to: little.count, by: 2).flatMap { [little[$0 + 1], little[$0]] }
        let format: [UInt8] = [0, 1, 0, 1, 0, 0, 0x3E, 0x80, 0, 0, 0x7D, 0, 0, 2, 0, 16]
        let bytes =
            Array("RIFX".utf8) + [0, 1, 0, 0] + Array("WAVE".utf8) + chunk("fmt ", format, bigEndian: true)
            + chunk("data", Array(sound[..<32_000]), bigEndian: true)
            + chunk("data", Array(sound[32_000...]), bigEndian: true)
        #expect(try inspect(bytes, "wav").duration == 3)
        #expect(try decode(bytes, "wav") == decode(little, "wav"))
    }

    @Test func chunksBehindTheSoundAreNone() throws {
        let sound = try wave(5)
        let odd = try wave(5, ["-c:a", "pcm_u8"]).dropLast(1)
        var unpadded = Array(odd)
        unpadded.setLittleEndian(79_999, at: 40)
        let text = [UInt8](repeating: 0x61, count: 9_000)
        for name in ["LIST", "id3 ", "bext", "iXML", "AFAn"] {
            let chunk = Array(name.utf8) + [0x28, 0x23, 0, 0] + text
            for (bytes, length) in [(sound, 5), (unpadded, 79_999 / 16_000.0)] {
                let facts = try inspect(bytes + chunk, "wav")
                #expect(facts.duration == length, "\(name)")
                #expect(facts.warnings.isEmpty, "\(name)")
            }
        }
        let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0x46, 0x1e] + text
        #expect(try inspect(sound + tag, "wav").warnings.isEmpty)
        #expect(try inspect(sound + [UInt8](repeating: 0, count: 20_000), "wav").duration == 5)
    }

    @Test func lengthsAreCountedInSamples() throws {
        #expect(try inspect(TemporaryFolder.contents(of: Samples.path("jfk.wav")), "wav").duration == 11)
        let odd = try Tool.ffmpeg(
            ["-i", Samples.path("jfk.wav"), "-af", "atrim=end_sample=123457"], fileExtension: "flac")
        #expect(try inspect(odd, "flac").duration == 123_457.0 / 16_000)
    }
}

/// Room that was made for a file and never filled.
extension DoubtfulFileTests {
    @Test(arguments: Recording.plain.dropFirst() + Recording.phone, [0.5, 0.8])
    func zerosInPlaceOfSoundAreWaitedFor(_ recording: Recording, _ part: Double) throws {
        guard !["mov, PCM", "caf, PCM"].contains(recording.testDescription) else { return }
        var bytes = try recording.bytes(seconds: 11)
        let start = Int(Double(bytes.count) * (1 - part))
        bytes.replaceSubrange(start..., with: [UInt8](repeating: 0, count: bytes.count - start))
        #expect(try refusal(bytes, recording.fileExtension) == .incomplete)
        do {
            let facts = try takeAsItIs(bytes, recording.fileExtension)
            #expect(!facts.warnings.isEmpty)
        } catch let rejection as Rejection where rejection == RejectionDetail.fragment {
            #expect(recording.testDescription == "m4a, index last" || recording.isIndexedLast)
        }
    }

    @Test(arguments: [Recording.plain[1], Recording.plain[3]] + Recording.phoneKinds.prefix(4))
    func aHoleInTheMiddleIsWaitedFor(_ recording: Recording) throws {
        var bytes = try recording.bytes(seconds: 11)
        let hole = bytes.count / 3..<bytes.count / 3 + max(bytes.count / 4, 10_000)
        bytes.replaceSubrange(hole, with: [UInt8](repeating: 0, count: hole.count))
        #expect(try refusal(bytes, recording.fileExtension) == .incomplete)
        #expect(!(try takeAsItIs(bytes, recording.fileExtension).warnings.isEmpty))
    }

    @Test func aFileOfZerosIsWaitedFor() throws {
        let bytes = [UInt8](repeating: 0, count: 300_000)
        for ending in ["mp3", "wav", "m4a"] {
            #expect(try refusal(bytes, ending) == .incomplete)
            #expect(throws: RejectionDetail.fragment) { try takeAsItIs(bytes, ending) }
        }
    }

    /// Zeros that somebody wrote may be silence; those that nobody did are not.
    @Test func aWaveIsWaitedForWhereItsFileHasAHole() throws {
        let bytes = try Recording("wav", "wav", ["-bitexact"]).bytes(seconds: 11)
        let rest = [UInt8](repeating: 0, count: bytes.count / 2)
        let start = Array(bytes.dropLast(rest.count))
        #expect(try inspect(start + rest, "wav").warnings.map(\.code) == [.blankEnd])
        let file = try OpenFile.holding(start)
        try SystemError.check("ftruncate") { ftruncate(file.descriptor, off_t(bytes.count)) }
        var request = InspectRequest(
            request: 1, fileExtension: "wav", size: Int64(bytes.count), longestDuration: 3600)
        let inspector = try RecordingInspector(MagicDatabase())
        #expect(throws: Rejection.incomplete) { try inspector.inspect(file, request) }
        request.takesIncomplete = true
        let facts = try inspector.inspect(file, request)
        #expect(facts.duration == 11)
        let warning = try #require(facts.warnings.first)
        #expect(warning.code == .unwrittenPart && abs((warning.seconds ?? 0) - 5.5) < 0.2)
    }
}

/// Room that was made for a wave and filled with zeros.
extension DoubtfulFileTests {
    private func sound() throws -> [UInt8] {
        try Recording("wav", "wav", ["-bitexact"], rate: 44_100).bytes()
    }

    private func warnings(_ zeros: Range<Int>, in bytes: [UInt8]) throws -> [RecordingWarning] {
        var bytes = bytes
        bytes.replaceSubrange(zeros, with: [UInt8](repeating: 0, count: zeros.count))
        return try inspect(bytes, "wav").warnings
    }

    @Test func blankPagesAreToldAndNotWaitedFor() throws {
        let bytes = try sound()
        for zeros in [40_960..<122_880, 204_800..<bytes.count] {
            let warnings = try warnings(zeros, in: bytes)
            #expect(warnings.map(\.code) == [.unwrittenPart], "\(zeros)")
            #expect(abs((warnings.first?.seconds ?? 0) - Double(zeros.count) / 88_200) < 0.01)
        }
        #expect(try warnings(40_960..<122_880, in: sound() + sound()).contains { $0.code == .unwrittenPart })
    }

    @Test func digitalSilenceIsNoDoubt() throws {
        let bytes = try sound()
        // Between any two samples, at a page only at one end, too short, all, and from a header's end that is
        // at a page.
        for zeros in [40_000..<122_880, 40_960..<122_000, 40_960..<81_920, 44..<bytes.count] {
            #expect(try warnings(zeros, in: bytes).isEmpty, "\(zeros)")
        }
        let junk = 4096 - 44 - 8
        var padded = Array(bytes[..<12]) + Array("JUNK".utf8) + [0, 0, 0, 0]
        padded.setLittleEndian(junk, at: 16)
        padded += [UInt8](repeating: 0, count: junk) + bytes[12...]
        padded.setLittleEndian(padded.count - 8, at: 4)
        #expect(try warnings(4096..<122_880, in: padded).isEmpty)
    }
}

/// Zeros that a wave ends with, from anywhere on.
extension DoubtfulFileTests {
    private static let formats = [
        Recording("wav", "wav", ["-bitexact"], rate: 44_100), Recording("wav", "wav", ["-bitexact"]),
        Recording("wav, 48 kHz stereo, 24 bit", "wav", ["-c:a", "pcm_s24le"], channels: 2, rate: 48_000),
        Recording("wav, float", "wav", ["-c:a", "pcm_f32le"], rate: 44_100),
        Recording("wav, mu-law", "wav", ["-c:a", "pcm_mulaw"], rate: 8_000),
    ]

    private func blankened(_ bytes: [UInt8], from start: Int) -> [UInt8] {
        bytes[..<start] + [UInt8](repeating: 0, count: bytes.count - start)
    }

    @Test(arguments: formats, [0.3, 0.7]) func aHalfThatIsZerosIsTold(
        _ recording: Recording, _ part: Double
    ) throws {
        let whole = try recording.bytes(seconds: 30)
        for shift in [1, 332] {
            let start = Int(Double(whole.count) * part) / 4096 * 4096 + 1_500 + shift
            let facts = try inspect(blankened(whole, from: start), "wav")
            #expect(facts.warnings.map(\.code) == [.blankEnd], "from \(start) of \(whole.count)")
            let seconds = facts.duration * Double(whole.count - start) / Double(whole.count)
            #expect(abs((facts.warnings.first?.seconds ?? 0) - seconds) < 0.1)
        }
        // A part of it only, and where something follows.
        #expect(try inspect(blankened(whole, from: whole.count * 9 / 10 + 333), "wav").warnings.isEmpty)
        var amid = blankened(whole, from: whole.count / 2 + 333)
        amid[whole.count - 1_000] = 60
        #expect(try inspect(amid, "wav").warnings.isEmpty)
    }

    @Test func theEndOfEachOfTwoJoinedWavesIsLookedAt() throws {
        let whole = try wave(9)
        let blank = blankened(whole, from: whole.count / 2 + 333)
        for bytes in [blank + whole, whole + blank] {
            let warning = try #require(try inspect(bytes, "wav").warnings.last)
            #expect(warning.code == .blankEnd && abs((warning.seconds ?? 0) - 4.5) < 0.1)
        }
    }

    /// Editors come down to zero, at once or within seconds, and put silence behind.
    @Test(arguments: [0.005, 0.02, 0.5, 3], ["tri", "exp"])
    func aFadeOutIsNoDoubt(_ seconds: Double, _ curve: String) throws {
        for (start, silence) in [(4.0, 6), (4.81, 8)] {
            for options in [
                ["-c:a", "pcm_s16le"], ["-c:a", "pcm_s24le", "-ar", "48000"], ["-c:a", "pcm_f32le"],
            ] {
                let filter =
                    "atrim=0:\(start),afade=t=out:st=\(start - seconds):d=\(seconds):curve=\(curve),apad=pad_dur=\(silence)"
                let bytes = try Tool.ffmpeg(
                    ["-i", Samples.path("jfk.wav"), "-af", filter] + options, fileExtension: "wav")
                #expect(try inspect(bytes, "wav").warnings.isEmpty, "\(options) \(start)")
            }
        }
    }
}

extension Recording {
    /// ffmpeg writes the index of these behind the sound.
    fileprivate var isIndexedLast: Bool {
        ["mp4", "mov", "3gp", "caf"].contains(fileExtension)
    }
}

extension [UInt8] {
    /// Four bytes, least first.
    mutating func setLittleEndian(_ number: Int, at start: Int) {
        for index in 0..<4 { self[start + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
    }
}
