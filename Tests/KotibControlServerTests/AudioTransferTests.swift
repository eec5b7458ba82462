import HTTPTypes
import KotibControlProtocol
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite struct AudioTransferTests {
    @Test func refusedUploadLeavesNothingAndSaysWhy() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let long = String(repeating: "a", count: Int(AudioFixture.largest) + 1)
        let files = [("text", "talk.txt"), ("bad", "talk.wav"), ("", "talk.wav"), (long, "a.wav")]
        for (content, name) in files {
            let answer = try await fixture.upload(content, as: name, by: ali)
            #expect(answer.status == (content == long ? .contentTooLarge : .badRequest))
            let error = try answer.decoded(ErrorBody.self)
            #expect(error.code == (content == long ? "too_large" : "refused"))
            #expect(error.detail.contains("“\(name)”"))
        }
        let nameless = try await fixture.upload("x", as: "", by: ali)
        #expect(try nameless.decoded(ErrorBody.self).detail == "Fayl nomi bo'sh")
        let other = try await fixture.upload("x", as: "talk.wav", by: ali, field: "audio")
        #expect(other.status == .unprocessableContent)
        #expect(try fixture.folder.names(in: "ali").isEmpty)
    }

    @Test func brokenFormLeavesNothing() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let part = "--b\r\nContent-Disposition: form-data; name=file; filename=a.wav\r\n\r\nspeech"
        let type: HTTPFields = [.contentType: "multipart/form-data; boundary=b"]
        for body in ["", part, part + "\r\n" + part + "\r\n--b--", part + "\r\n--bx"] {
            let answer = try await fixture.call(.post, "upload", as: ali, Array(body.utf8), headers: type)
            #expect([400, 422].contains(answer.status.code))
        }
        for type in ["multipart/form-data", "application/json"] {
            let answer = try await fixture.call(
                .post, "upload", as: ali, Array(part.utf8), headers: [.contentType: type])
            #expect(answer.status == .unsupportedMediaType)
        }
        let junk = "--b\r\n\r\n" + String(repeating: "x", count: Int(AudioFixture.largest) + 70_000)
        let answer = try await fixture.call(.post, "upload", as: ali, Array(junk.utf8), headers: type)
        #expect(answer.status == .contentTooLarge)
        #expect(try fixture.folder.names(in: "ali").isEmpty)
    }

    /// Without a quota: whatever length a client declares, alone and beside others, is only compared.
    @Test(arguments: [Int64.max, .max - 65_536, .min, AudioFixture.largest + 65_537])
    func anyDeclaredLengthIsSurvived(_ length: Int64) async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let begun = "--b\r\nContent-Disposition: form-data; name=file; filename=a.wav\r\n\r\n"
        for _ in 1...2 {
            let answer = try await fixture.call(
                .post, "upload", as: ali, Array(begun.utf8),
                headers: [
                    .contentType: "multipart/form-data; boundary=b", .contentLength: String(length),
                ])
            let error = try answer.decoded(ErrorBody.self)
            if length > 0 {
                #expect(answer.status == .contentTooLarge && error.code == "too_large")
                #expect(error.detail.contains("“a.wav”"))
            } else {
                #expect(answer.status == .badRequest)
            }
        }
        #expect(try fixture.folder.names(in: "ali").isEmpty)
    }

    @Test func ownerOfAnUpload() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let boss = try await fixture.user("boss", role: .admin)
        _ = try await fixture.user("vali")
        func status(_ caller: Caller, _ query: String) async throws -> Int {
            try await fixture.upload("speech", as: "talk.wav", by: caller, query: query).status.code
        }
        #expect(try await status(.localOperator, "") == 422)
        #expect(try await status(.localOperator, "?user=nobody") == 422)
        #expect(try await status(.localOperator, "?user=vali") == 200)
        #expect(try await status(ali, "?user=vali") == 403)
        #expect(try await status(ali, "?user=ali") == 200)
        #expect(try await status(boss, "") == 200)
        #expect(try await status(boss, "?user=vali") == 200)
        #expect(try fixture.folder.names(in: "vali") == ["talk (2).wav", "talk.wav"])
        #expect(try fixture.folder.names(in: "boss") == ["talk.wav"])
    }

    @Test func audioComesBackWholeOrInParts() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let content = String((0..<15_000).map { "\($0)," }.joined().prefix(70_000))
        let id = try await fixture.upload(content, as: "talk.wav", by: ali)
            .decoded(AudioRecordBody.self).id
        let whole = try await fixture.call(.get, "file/\(id)", as: ali)
        #expect(whole.status == .ok && whole.text == content)
        #expect(whole.headers[.contentType] == "audio/x-wav")
        #expect(whole.headers[.xContentTypeOptions] == "nosniff")
        #expect(whole.headers[.contentDisposition]?.hasPrefix("attachment; filename=\"") == true)
        let tag = try #require(whole.headers[.eTag])
        let bytes = Array(content.utf8)
        let part = try await fixture.call(
            .get, "\(id)/file", as: ali, headers: [.range: "bytes=65530-65550", .ifRange: tag])
        #expect(part.status == .partialContent && part.body == Array(bytes[65_530...65_550]))
        #expect(part.headers[.contentRange] == "bytes 65530-65550/70000")
        let tail = try await fixture.call(.get, "\(id)/file", as: ali, headers: [.range: "bytes=-66000"])
        #expect(tail.body == Array(bytes.suffix(66_000)))
        let other = try await fixture.call(
            .get, "\(id)/file", as: ali, headers: [.range: "bytes=1-2", .ifRange: "\"x\""])
        #expect(other.status == .ok && other.body.count == 70_000)
        let beyond = try await fixture.call(.get, "\(id)/file", as: ali, headers: [.range: "bytes=70000-"])
        #expect(beyond.status == .rangeNotSatisfiable)
        #expect(beyond.headers[.contentRange] == "bytes */70000")
        for name in try fixture.folder.names(in: "ali") { fixture.folder.remove("ali/\(name)") }
        #expect(try await fixture.call(.get, "\(id)/file", as: ali).status == .notFound)
    }
}
