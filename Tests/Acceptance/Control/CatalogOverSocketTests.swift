import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Lists, searches, formats and edits on the control socket, with words that Whisper heard.
    @Suite(.timeLimit(.minutes(5))) struct Library {
        @Test func spokenWordsAreFound() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                try daemon.drop(daemon.installation.sample("two_cities"), as: "guli/cities.wav")
                try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                try await daemon.awaitRow(of: "guli/cities.wav", "completed", within: .seconds(120))

                let found = try await daemon.request("GET", "/api/v1/audio/list?q=country")
                #expect(
                    found["total"] == 1 && found["items", 0, "original_filename"] == "jfk.wav", "\(found)")
                #expect(found["items", 0, "snippet"] != nil && found.text.contains(#""is_match":true"#))
                let both = try await daemon.request("GET", "/api/v1/audio/list?q=the%20WAS")
                #expect(both["total"] == 1 && both["items", 0, "user_name"] == "guli", "\(both)")
                let strange = try await daemon.request("GET", "/api/v1/audio/list?q=%22%20OR%20(%20NEAR%00*")
                #expect(strange.status == 200 || strange.status == 422, "\(strange)")
                let short = try await daemon.request(
                    "GET", "/api/v1/audio/list?max_duration=20&status=completed")
                #expect(short["total"] == 1 && short["items", 0, "user_name"] == "alisher", "\(short)")
            }
        }

        @Test func aTranscriptHasManyForms() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                func transcript(_ format: String) async throws -> String {
                    let path = "/api/v1/audio/\(row.id)/transcript?format=\(format)"
                    let answer = try await daemon.request("GET", path)
                    #expect(answer.status == 200, "\(answer)")
                    return answer.text
                }
                #expect(try await transcript("srt").contains(/\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}/))
                #expect(try await transcript("vtt").hasPrefix("WEBVTT"))
                #expect(try await transcript("json").contains("\"segments\""))
                #expect(try await transcript("md").contains("ask not"))
                #expect(try await transcript("txt").contains("ask not"))
                let wrong = try await daemon.request("GET", "/api/v1/audio/\(row.id)/transcript?format=rtf")
                #expect(wrong.status == 422, "\(wrong)")
            }
        }

        @Test func twoEditorsAreToldOfEachOther() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                let path = "/api/v1/audio/\(row.id)"
                let times = try await daemon.request("GET", path + "/transcript?format=srt").text
                let tag = try #require(try await daemon.request("GET", path).headers["etag"])
                let match = ["--header", "If-Match: \(tag)"]
                let mine = try await daemon.request(
                    "PUT", path, json: #"{"transcript_text": "Mine."}"#, options: match)
                #expect(mine.status == 200, "\(mine)")
                let late = try await daemon.request(
                    "PUT", path, json: #"{"transcript_text": "Late."}"#, options: match)
                #expect(late.status == 409 && late["current", "text"] == "Mine.", "\(late)")
                #expect(late["yours"] == "Late.")

                let revisions = try await daemon.request("GET", path + "/revisions")
                #expect(revisions["items"] == .list(2) && revisions["items", 0, "origin"] == "socket")
                let first = try #require(revisions["items", 1, "id"]?.integer)
                let restored = try await daemon.request("POST", path + "/revisions/\(first)/restore")
                #expect(restored.status == 200, "\(restored)")
                let words = try #require(daemon.text(of: "alisher/jfk.wav.txt"))
                #expect(words.contains("ask not"), "\(words)\n\(daemon.story)")
                #expect(try await daemon.request("GET", path + "/transcript?format=srt").text == times)
            }
        }

        /// Saved in the folder: the revision is there, the search finds it, and a kill changes nothing of
        /// that.
        @Test func aSavedSidecarIsAnEdit() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                try await daemon.awaitText(of: "alisher/jfk.wav.txt")
                try daemon.write(Data("Qo‘lda yozilgan so‘z.\n".utf8), as: "alisher/jfk.wav.txt")
                try await daemon.wait(until: "the edit is a revision") {
                    try await daemon.request("GET", "/api/v1/audio/\(row.id)")["transcript_text"]
                        == "Qo‘lda yozilgan so‘z."
                }
                try await daemon.restart()
                let found = try await daemon.request("GET", "/api/v1/audio/list?q=so%27z")
                #expect(found["total"] == 1, "\(found)\n\(daemon.story)")
                #expect(daemon.text(of: "alisher/jfk.wav.txt") == "Qo‘lda yozilgan so‘z.\n")
            }
        }

        @Test func aRefusedUploadLeavesNothing() async throws {
            try await withDaemon { daemon in
                let token = try await daemon.login("+998901234567")
                let page = daemon.scratch + "/page.mp3"
                try Data("<html>not sound</html>".utf8).write(to: URL(filePath: page))
                let refused = try await daemon.upload(page, named: "page.mp3", token: token)
                #expect(refused.status == 400, "\(refused)")
                #expect(refused["detail"]?.string?.isEmpty == false)
                #expect(try daemon.names(in: "998901234567") == [], daemon.log)
            }
        }
    }
}
