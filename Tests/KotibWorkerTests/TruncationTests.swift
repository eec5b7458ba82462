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
