import Glibc
import KotibCatalog
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(1))) struct UserTests {
    @Test func addingMakesAFolderThatItsGroupWritesTo() async throws {
        let accounts = try await AccountsFixture()
        let user = try await accounts.service.add(name: "Ona tili", phone: "+998 90 123 45 67", role: .user)
        #expect(user.folder == "Ona tili" && user.phone == alice && user.isActive)
        #expect(try accounts.folder.names(in: "inbox") == ["Ona tili"])
        #expect(try mode(accounts.folder.path("inbox/Ona tili")) == 0o2770)
        // A login with that number is this user's.
        #expect(try await accounts.login().session.user == user)
        #expect(try accounts.folder.names(in: "inbox") == ["Ona tili"])
    }

    @Test(arguments: [
        "", ".", "..", ".hidden", "a/b", "/a", "a\u{0}b", "a\nb", "\u{1B}[31m",
        String(repeating: "a", count: 256),
    ])
    func aNameIsOneFoldersName(name: String) async throws {
        let accounts = try await AccountsFixture()
        await #expect(throws: AccountError.invalidName) {
            try await accounts.service.add(name: name, phone: nil, role: .user)
        }
        #expect(try accounts.folder.names(in: "inbox").isEmpty)
    }

    @Test func aNameOrNumberIsOneUsers() async throws {
        let accounts = try await AccountsFixture()
        let first = try await accounts.service.add(name: "a", phone: alice, role: .user)
        await #expect(throws: AccountError.taken) {
            try await accounts.service.add(name: "a", phone: nil, role: .user)
        }
        await #expect(throws: AccountError.taken) {
            try await accounts.service.add(name: "b", phone: alice, role: .user)
        }
        let second = try await accounts.service.add(name: "b", phone: nil, role: .user)
        await #expect(throws: AccountError.taken) {
            try await accounts.service.change(second.id, UserChange(phone: alice))
        }
        await #expect(throws: AccountError.invalidPhone) {
            try await accounts.service.change(second.id, UserChange(phone: "90 123"))
        }
        _ = try await accounts.service.change(first.id, UserChange(phone: ""))
        #expect(try await accounts.service.change(second.id, UserChange(phone: alice)).phone == alice)
        await #expect(throws: AccountError.noSuchUser) {
            try await accounts.service.change(UserID(rawValue: 99), UserChange())
        }
    }

    @Test func aFolderOfTheNumbersDigitsIsLinkedAtTheFirstLogin() async throws {
        let accounts = try await AccountsFixture()
        let enrolled = try await accounts.service.add(name: "998901234567", phone: nil, role: .user)
        #expect(try await accounts.login().session.user.id == enrolled.id)
    }

    @Test func aFolderOfTheDigitsThatIsAnothersIsNot() async throws {
        let accounts = try await AccountsFixture()
        let other = try await accounts.service.add(
            name: "998901234567", phone: "+998901234568", role: .user)
        let user = try await accounts.login().session.user
        #expect(user.id != other.id && user.folder == "998901234567-2")
    }

    /// p08: a member of the group makes the folder of somebody's number, and enrols it by a file in it.
    @Test(.enabled(if: geteuid() == 0, "needs root"), arguments: [true, false])
    func aPlantedFolderIsNotTheNumbers(isEnrolled: Bool) async throws {
        let accounts = try await AccountsFixture()
        try accounts.folder.makeFolder("inbox/998901234567")
        #expect(chown(accounts.folder.path("inbox/998901234567"), 4001, 4001) == 0)
        if isEnrolled {
            _ = try await accounts.catalog.users.add(
                folder: "998901234567", phone: nil, role: .user, now: accounts.clock.date)
        }
        let user = try await accounts.login().session.user
        #expect(user.folder == "998901234567-2")
        #expect(try accounts.folder.names(in: "inbox") == ["998901234567", "998901234567-2"])
        #expect(accounts.log.all.contains { $0.contains("new user given another folder") })
        // The next login finds the same user.
        #expect(try await accounts.login().session.user == user)
    }

    /// A user whose folder is not there any more may have been a stranger's.
    @Test func aFolderThatIsGoneIsNotLinked() async throws {
        let accounts = try await AccountsFixture()
        let enrolled = try await accounts.catalog.users.add(
            folder: "998901234567", phone: nil, role: .user, now: accounts.clock.date)
        #expect(try await accounts.login().session.user.id != enrolled.id)
    }

    @Test func settingsAreKeptAndNilStays() async throws {
        let accounts = try await AccountsFixture()
        let id = try await accounts.service.add(name: "a", phone: nil, role: .user).id
        _ = try await accounts.service.change(id, UserChange(sidecars: [.txt, .srt], language: "uz"))
        var user = try await accounts.service.change(id, UserChange(role: .admin))
        #expect(user.settings.sidecars == [.txt, .srt] && user.settings.language == "uz")
        #expect(user.role == .admin && user.isActive)
        user = try await accounts.service.change(id, UserChange(sidecars: [], language: ""))
        #expect(user.settings.sidecars.isEmpty && user.settings.language == nil)
    }

    @Test func listsByNameAndPage() async throws {
        let accounts = try await AccountsFixture()
        for name in ["c", "a", "b"] {
            _ = try await accounts.service.add(name: name, phone: nil, role: .user)
        }
        let page = try await accounts.service.users(named: nil, skip: 1, limit: 1)
        #expect(page.total == 3 && page.users.map(\.folder) == ["b"])
        let found = try await accounts.service.users(named: "c", skip: 0, limit: 10)
        #expect(found.total == 1 && found.users.map(\.folder) == ["c"])
        #expect(try await accounts.service.users(named: "d", skip: 0, limit: 10).total == 0)
    }
}
