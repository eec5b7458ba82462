import FoundationEssentials
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibAccounts

/// Permissions of a file or folder.
func mode(_ path: String) throws -> UInt32 {
    let descriptor = try SystemError.check("open", path) { open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
    return UInt32(try FileStatus(of: OpenFile(owning: descriptor)).permissions)
}

struct FileSenderTests {
    private let folder: TemporaryFolder
    private let phone: PhoneNumber
    private let sender: FileSender

    init() throws {
        folder = try TemporaryFolder()
        phone = try #require(PhoneNumber(alice))
        sender = FileSender(
            path: folder.path("sms.jsonl"), now: { Date(timeIntervalSince1970: 1_800_000_000) })
    }

    @Test func oneLineAMessageForItsOwnerOnly() async throws {
        try await sender.send("a \"b\"\nc", to: phone)
        try await sender.send("d", to: phone)
        let at = #""at":"2027-01-15T08:00:00Z""#
        #expect(
            folder.read("sms.jsonl") == """
                {\(at),"text":"a \\"b\\"\\nc","to":"+998901234567"}
                {\(at),"text":"d","to":"+998901234567"}

                """)
        #expect(try mode(folder.path("sms.jsonl")) == 0o600)
    }

    @Test func aFileThatOthersReadIsClosedToThem() async throws {
        try folder.write("", to: "sms.jsonl")
        try await sender.send("d", to: phone)
        #expect(try mode(folder.path("sms.jsonl")) == 0o600)
    }

    @Test func messagesAtOnceDoNotMix() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask { try? await sender.send(String(repeating: "x", count: 500), to: phone) }
            }
        }
        let lines = try #require(folder.read("sms.jsonl")).split(separator: "\n")
        #expect(lines.count == 50 && Set(lines).count == 1)
    }

    @Test func aLinkIsNotFollowed() async throws {
        try folder.write("before", to: "victim")
        symlink(folder.path("victim"), folder.path("sms.jsonl"))
        await #expect(throws: SMSError.self) { try await sender.send("d", to: phone) }
        #expect(folder.read("victim") == "before")
    }
}
