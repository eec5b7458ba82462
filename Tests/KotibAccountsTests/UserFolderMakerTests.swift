import Foundation
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibAccounts

/// Only root can change the owner of files and create those of other users.
@Suite(.enabled(if: geteuid() == 0, "needs root")) struct UserFolderMakerTests {
    /// Ids that no account of this machine has.
    private let anna: UInt32 = 54_321
    private let boris: UInt32 = 54_322
    private let folder: TemporaryFolder
    private let maker: UserFolderMaker

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        let anna = anna
        maker = UserFolderMaker(LocalFileSystem(try InboxRoot(path: folder.path("inbox")))) { name in
            name == Array("anna".utf8) ? anna : nil
        }
    }

    private func make(_ name: String) async throws -> UserFolderMaker.Owner {
        try await maker.make(UserFolder(stringLiteral: name))
    }

    private func facts(_ name: String) throws -> (owner: UInt32, mode: UInt32) {
        let facts = try FileManager.default.attributesOfItem(atPath: folder.path("inbox/" + name))
        return (
            try #require((facts[.ownerAccountID] as? NSNumber)?.uint32Value),
            try #require((facts[.posixPermissions] as? NSNumber)?.uint32Value)
        )
    }

    @Test func aNewFolderIsItsAccounts() async throws {
        #expect(try await make("anna") == .account)
        #expect(try facts("anna") == (anna, 0o2770))
        #expect(try await make("carla") == .daemon)
        #expect(try facts("carla") == (0, 0o2770))
    }

    @Test func anEmptyFolderThatWasThereIsGivenToo() async throws {
        try folder.makeFolder("inbox/anna")
        #expect(try await make("anna") == .account)
        #expect(try facts("anna") == (anna, 0o2770))
    }

    @Test func contentsKeepTheirOwner() async throws {
        try folder.makeFolder("inbox/anna")
        try folder.write("x", to: "inbox/anna/talk.wav")
        #expect(try await make("anna") == .accountWithoutContents)
        #expect(try facts("anna") == (anna, 0o2770))
        #expect(try facts("anna/talk.wav").owner == 0)
        // Once it is the account's, who has it may choose its mode.
        #expect(chmod(folder.path("inbox/anna"), 0o700) == 0)
        #expect(try await make("anna") == .account)
        #expect(try facts("anna") == (anna, 0o700))
    }

    @Test func anothersFolderAndOneThatNobodyHasTheNameOfAreLeftAlone() async throws {
        for name in ["anna", "carla"] {
            try folder.makeFolder("inbox/" + name)
            #expect(chmod(folder.path("inbox/" + name), 0o755) == 0)
            #expect(chown(folder.path("inbox/" + name), boris, boris) == 0)
        }
        #expect(try await make("anna") == .stranger)
        #expect(try await make("carla") == .stranger)
        for name in ["anna", "carla"] { #expect(try facts(name) == (boris, 0o755)) }
    }

    @Test func aLinkIsNotFollowed() async throws {
        try folder.makeFolder("elsewhere")
        #expect(symlink(folder.path("elsewhere"), folder.path("inbox/anna")) == 0)
        #expect(try await make("anna") == .daemon)
        #expect(try facts("../elsewhere").owner == 0)
    }

    /// Somebody with access to the inbox creates a folder for a number before its owner logs in.
    @Test func foldersOfOthersAreOfferedToNoNumber() async throws {
        let number = "998901234567"
        func names() async throws -> [String] {
            try await maker.offers(for: number, random: 0xabc).map {
                $0.name.text
            }
        }
        #expect(try await names().first == number)
        try folder.makeFolder("inbox/" + number)
        #expect(try await maker.offers(for: number, random: 1).first?.isThere == true, "it is the daemon's")
        #expect(chown(folder.path("inbox/" + number), boris, boris) == 0)
        #expect(symlink(folder.path, folder.path("inbox/\(number)-2")) == 0)
        try folder.write("x", to: "inbox/\(number)-3")
        #expect(try await names() == ["\(number)-4", "\(number)-abc"])
    }
}
