import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// People on the control socket: who may do what, with the built daemon and curl.
    @Suite(.timeLimit(.minutes(5))) struct Accounts {
        private let phone = "+998901234567"

        /// A client of the replaced service, from the first code to the last delete.
        @Test func aClientOfTheSeedNeedsOnlyAnotherAddress() async throws {
            try await withDaemon { daemon in
                let sent = try await daemon.request(
                    "POST", "/api/v1/auth/send_otp", json: #"{"phone_number": "\#(phone)"}"#)
                #expect(sent.status == 200 && sent["message"] == "OTP kodi yuborildi", "\(sent)")
                let text = try await daemon.eventually("the message") { try daemon.messages(to: phone).first }
                #expect(text.wholeMatch(of: /Tasdiqlash kodi: [0-9]{6}\. 5 daqiqa ichida kiriting\./) != nil)
                #expect(daemon.mode(ofState: "sms.jsonl") == 0o600)

                let code = try #require(text.firstMatch(of: /[0-9]{6}/).map { String($0.output) })
                let body = #"{"phone_number": "\#(phone)", "otp_code": "\#(code)"}"#
                let login = try await daemon.request("POST", "/api/v1/auth/verify_otp", json: body)
                #expect(login.status == 200 && login["token_type"] == "bearer", "\(login)")
                #expect(login["phone_number"] == .text(phone) && login["role"] == "user")
                let token = try #require(login["access_token"]?.string)
                let again = try await daemon.request("POST", "/api/v1/auth/verify_otp", json: body)
                #expect(again.status == 400)
                #expect(again["detail"] == "Noto'g'ri yoki muddati o'tgan kod", "a code is good once")

                try await useAsTheSeedsClient(daemon, token)
            }
        }

        /// A file that was refused because its folder belonged to no user is accepted as soon as the user is
        /// added, long before the next scan.
        @Test func aNewUsersFilesAreTakenAtOnce() async throws {
            try await withDaemon(["enroll": false, "watch.rescan": 3600]) { daemon in
                let speech = try daemon.installation.sample("jfk")
                for name in ["ali", "998901234567"] {
                    try FileManager.default.createDirectory(
                        atPath: daemon.inbox + "/" + name, withIntermediateDirectories: true)
                    try daemon.drop(speech, as: "\(name)/talk.wav")
                    try await daemon.awaitRow(of: "\(name)/talk.wav", "rejected")
                }
                let added = try await daemon.request("POST", "/api/v1/users", json: #"{"name": "ali"}"#)
                #expect(added.status == 201, "\(added)")
                try await daemon.awaitRow(of: "ali/talk.wav", "completed")
                _ = try await daemon.login(phone)
                try await daemon.awaitRow(of: "998901234567/talk.wav", "completed")
            }
        }

        private func useAsTheSeedsClient(_ daemon: DaemonFixture, _ token: String) async throws {
            let speech = try daemon.installation.sample("jfk")
            let upload = try await daemon.upload(speech, named: "nutq.wav", token: token)
            #expect(upload.status == 200, "\(upload)\n\(daemon.story)")
            let id = try #require(upload["id"]?.integer)
            #expect(upload["original_filename"] == "nutq.wav")
            #expect(
                upload["file_size"] == .number(Double(daemon.stamp(of: "998901234567/nutq.wav")?.size ?? 0)))
            #expect(["pending", "processing"].contains(upload["transcription_status"]?.string))
            let words = try await daemon.awaitText(of: "998901234567/nutq.wav.txt")

            let list = try await daemon.request("GET", "/api/v1/audio/list?skip=0&limit=100", token: token)
            #expect(list.status == 200 && list["total"] == 1 && list["items"] == .list(1), "\(list)")
            #expect(list["skip"] == 0 && list["limit"] == 100)
            let one = try await daemon.request("GET", "/api/v1/audio/\(id)", token: token)
            #expect(one["transcription_status"] == "completed", "\(one)")
            #expect(one["transcript_text"]?.string.map { $0 + "\n" } == words)

            let put = try await daemon.request(
                "PUT", "/api/v1/audio/\(id)", token: token, json: #"{"transcript_text": "Salom."}"#)
            #expect(put.status == 200 && put["transcript_text"] == "Salom.", "\(put)")
            #expect(daemon.text(of: "998901234567/nutq.wav.txt") == "Salom.\n", daemon.log)

            let deleted = try await daemon.request("DELETE", "/api/v1/audio/\(id)", token: token)
            #expect(deleted.status == 200 && deleted["message"] == "Audio yozuv o'chirildi", "\(deleted)")
            #expect(try daemon.names(in: "998901234567") == [], daemon.log)
            let twice = try await daemon.request("DELETE", "/api/v1/audio/\(id)", token: token)
            #expect(twice.status == 404, "\(twice)")
        }

        @Test func aUserSeesOnlyTheirOwn() async throws {
            try await withDaemon(["accounts.admins": ["+998900000001"]]) { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                let stranger = try await daemon.login("+998907654321")
                let admin = try await daemon.login("+998900000001")
                for (method, path) in [
                    ("GET", ""), ("DELETE", ""), ("GET", "/file"), ("GET", "/transcript"), ("POST", "/retry"),
                    ("GET", "/revisions"),
                ] {
                    let answer = try await daemon.request(
                        method, "/api/v1/audio/\(row.id)\(path)", token: stranger)
                    #expect(answer.status == 404, "\(method) \(path): \(answer)")
                }
                let list = try await daemon.request("GET", "/api/v1/audio/list", token: stranger)
                #expect(list["total"] == 0, "\(list)")
                let none = try await daemon.request(
                    "GET", "/api/v1/audio/list", options: ["--header", "Authorization: Bearer x"])
                #expect(none.status == 401, "\(none)")
                let all = try await daemon.request("GET", "/api/v1/audio/list?user=alisher", token: admin)
                #expect(all["total"] == 1, "\(all)")
                #expect(daemon.text(of: "alisher/jfk.wav.txt") != nil)
            }
        }

        /// An administrator links a phone to a folder that has been there; its person then sees what lies in
        /// it.
        @Test func aFolderIsLinkedToAPhone() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                let linked = try await daemon.kotibctl(["user", "link", "alisher", phone])
                #expect(linked.end == .exited(0), "\(linked)")
                let token = try await daemon.login(phone)
                let list = try await daemon.request("GET", "/api/v1/audio/list", token: token)
                #expect(list["total"] == 1, "\(list)")

                let deactivated = try await daemon.kotibctl(["user", "deactivate", "alisher"])
                #expect(deactivated.end == .exited(0), "\(deactivated)")
                let refused = try await daemon.request("GET", "/api/v1/audio/list", token: token)
                #expect(refused.status == 401, "\(refused)")
            }
        }

        /// Threats 51 and 52: guessing, and a kill -9 in the middle of it.
        @Test func guessingEndsWithTheThirdTry() async throws {
            try await withDaemon { daemon in
                let code = try await daemon.code(for: phone)
                for guess in 0..<3 {
                    if guess == 2 { try await daemon.restart() }
                    let wrong = code == "000000" ? "000001" : "000000"
                    let answer = try await daemon.request(
                        "POST", "/api/v1/auth/verify_otp",
                        json: #"{"phone_number": "\#(phone)", "otp_code": "\#(wrong)"}"#)
                    #expect(answer.status == 400, "\(answer)")
                }
                let answer = try await daemon.request(
                    "POST", "/api/v1/auth/verify_otp",
                    json: #"{"phone_number": "\#(phone)", "otp_code": "\#(code)"}"#)
                #expect(answer.status == 400, "\(answer)")
            }
        }

        @Test func tokensOutliveTheDaemonAndEndWithLogout() async throws {
            try await withDaemon { daemon in
                let (first, second) = (try await daemon.login(phone), try await secondLogin(daemon))
                try await daemon.restart()
                #expect(try await daemon.request("GET", "/api/v1/auth/me", token: first).status == 200)
                let logout = try await daemon.request("POST", "/api/v1/auth/logout", token: first)
                #expect(logout.status == 200, "\(logout)")
                #expect(try await daemon.request("GET", "/api/v1/auth/me", token: first).status == 401)
                #expect(try await daemon.request("GET", "/api/v1/auth/me", token: second).status == 200)
            }
        }

        /// A second code within the pause between two would be refused, so a first one is used up at once.
        private func secondLogin(_ daemon: DaemonFixture) async throws -> String {
            try await daemon.login("+998907654321")
        }
    }
}

extension DaemonFixture {
    /// Permission bits of a file in the state folder.
    func mode(ofState name: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: stateFolder + "/" + name)
        return attributes?[.posixPermissions] as? Int
    }
}
