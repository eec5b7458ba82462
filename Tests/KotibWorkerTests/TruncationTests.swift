import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// Uploads that broke off. Each is judged by what its container promises.
@Suite struct TruncationTests {
    @Test(arguments: Recording.plain)
    func everyCutIsIncomplete(_ recording: Recording) throws {
        let bytes = try recording.bytes()
        let lengths =
            Array(stride(from: 64, to: bytes.count, by: bytes.count / 97))
            + Array(bytes.count - 40..<bytes.count)
        for length in lengths {
            let found = try refusal(Array(bytes[..<length]), recording.fileExtension)
            #expect(found == .incomplete, "\(length) of \(bytes.count) bytes")
        }
    }

    @Test(arguments: Recording.plain)
    func theFirstBytesAloneAreRefused(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 1)
        for length in 0..<64 {
            let found = try refusal(Array(bytes[..<length]), recording.fileExtension)
            #expect(found != nil, "\(length) bytes")
            if length >= 8 { #expect(found == .incomplete, "\(length) bytes") }
        }
    }

    /// Containers that are written as they are recorded end anywhere, but not within a page, an element or a
    /// frame.
    @Test(arguments: Recording.phone)
    func aCutIsSeenUnlessItFallsBetweenTwoFrames(_ recording: Recording) throws {
        let bytes = try recording.bytes()
        let step = max(1, bytes.count / 97)
        let lengths =
            Array(stride(from: 64, to: bytes.count, by: step)) + Array(bytes.count - 40..<bytes.count)
        var taken: [Int] = []
        for length in lengths {
            let found = try refusal(Array(bytes[..<length]), recording.fileExtension)
            if found == nil { taken.append(length) } else { #expect(found == .incomplete, "\(length)") }
        }
        #expect(taken.count <= lengths.count / 12, "\(taken) of \(bytes.count) bytes")
        // With a declared length the result is certain.
        if ["3gp", "mp4", "mov", "wma"].contains(recording.fileExtension) { #expect(taken.isEmpty) }
    }

    @Test(arguments: Recording.phoneKinds)
    func theFirstBytesOfAPhoneRecordingAreRefused(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 1)
        for length in 1..<64 {
            let found = try refusal(Array(bytes[..<length]), recording.fileExtension)
            // A few whole frames of a format without header are a valid recording.
            if found == nil { #expect(["aac", "amr"].contains(recording.fileExtension), "\(length) bytes") }
        }
    }

    @Test func anOggFileMayEndWithAnyPageButNotWithinOne() throws {
        let bytes = try Recording.phone[0].bytes()
        let pages = bytes.indices.filter { bytes[$0...].starts(with: OggLayout.capture) }
        let last = try #require(pages.last)
        #expect(pages.count > 3)
        #expect(try refusal(Array(bytes[..<last]), "ogg") == nil)
        for length in [last + 1, last + 3, last + 4, last + 27, bytes.count - 1] {
            #expect(try refusal(Array(bytes[..<length]), "ogg") == .incomplete, "\(length) bytes")
        }
        // Damage between pages is no end, and rubbish behind the last page is forgiven.
        var damaged = bytes
        damaged[pages[2] + 1] = 0
        #expect(try refusal(damaged, "ogg") == nil)
        #expect(try refusal(bytes + Array("\r\n--boundary--\r\n".utf8), "ogg") == nil)
    }

    @Test func aCutThroughTheLastFrameIsSeenWithoutPromises() throws {
        let bytes = try Recording("mp3", "mp3", ["-write_xing", "0"]).bytes()
        for missing in 1..<40 {
            #expect(try refusal(Array(bytes.dropLast(missing)), "mp3") == .incomplete, "\(missing) missing")
        }
    }

    @Test func aCutThroughTheTagIsIncomplete() throws {
        let tag: [UInt8] = Array("ID3".utf8) + [4, 0, 0, 0, 0x7f, 0x7f, 0x7f]
        #expect(try refusal(tag + [UInt8](repeating: 0, count: 5_000), "mp3") == .incomplete)
    }

    @Test func restOfTheUploadMakesItWhole() throws {
        for recording in Recording.plain {
            let bytes = try recording.bytes(seconds: 2)
            #expect(try refusal(Array(bytes.dropLast(100)), recording.fileExtension) == .incomplete)
            #expect(try refusal(bytes, recording.fileExtension) == nil)
        }
    }
}
