import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite struct UserRouteTests {
    @Test func anAdminAddsFindsAndChanges() async throws {
        let fixture = try await ControlFixture()
        let added = try await fixture.ask(
            .post, "/api/v1/users", as: .localOperator,
            body: #"{"name": "ali", "phone_number": "+998 90 123-45-67"}"#)
        let ali = try added.json(UserBody.self)
        #expect(added.status == 201 && added.headers[.location] == "/api/v1/users/\(ali.id)")
        #expect(ali.phoneNumber == "+998901234567" && ali.role == "user" && ali.isActive)
        #expect(try fixture.folder.names(in: "inbox") == ["ali"])

        let list = try await fixture.ask(.get, "/api/v1/users?name=ali", as: .localOperator)
        #expect(try list.json(UserListBody.self).items == [ali])
        let changed = try await fixture.ask(
            .patch, "/api/v1/users/\(ali.id)", as: .localOperator,
            body: #"{"phone_number": "", "role": "admin", "sidecars": ["vtt", "txt", "vtt"]}"#)
        let now = try changed.json(UserBody.self)
        #expect(now.phoneNumber == nil && now.role == "admin" && now.sidecars == ["vtt", "txt"])
    }

    /// Files that were refused because folders do not enrol by themselves are accepted at once.
    @Test func aNewUsersFolderIsLookedAtAgain() async throws {
        let fixture = try await ControlFixture()
        _ = try await fixture.ask(.post, "/api/v1/users", as: .localOperator, body: #"{"name": "ali"}"#)
        #expect(fixture.rescans.count == 1)
        _ = try await fixture.refusal(.post, "/api/v1/users", as: .localOperator, body: #"{"name": "ali"}"#)
        #expect(fixture.rescans.count == 1, "nobody came")
    }

    /// Forms and most clients encode a space as a plus.
    @Test func aPlusInAQueryIsASpace() async throws {
        let fixture = try await ControlFixture()
        for name in ["Ali Valiyev", "a+b"] { _ = try await fixture.user(name) }
        for (query, name) in [
            ("Ali+Valiyev", "Ali Valiyev"), ("Ali%20Valiyev", "Ali Valiyev"), ("a%2Bb", "a+b"),
        ] {
            let page = try await fixture.ask(.get, "/api/v1/users?skip=0&name=\(query)", as: .localOperator)
            #expect(try page.json(UserListBody.self).items.map(\.name) == [name], "\(query)")
        }
    }

    @Test func pagesAreCounted() async throws {
        let fixture = try await ControlFixture()
        for name in ["a", "b", "c"] { _ = try await fixture.user(name) }
        let page = try await fixture.ask(.get, "/api/v1/users?skip=1&limit=1", as: .localOperator)
            .json(UserListBody.self)
        #expect(page.items.map(\.name) == ["b"] && page.total == 3 && page.skip == 1 && page.limit == 1)
    }

    @Test(arguments: ["limit=0", "limit=1001", "limit=x", "skip=-1", "skip=99999999999999999999"])
    func aPageThatCannotBeIsInvalid(_ query: String) async throws {
        let fixture = try await ControlFixture()
        let refusal = try await fixture.refusal(.get, "/api/v1/users?\(query)", as: .localOperator)
        #expect(refusal?.status == .unprocessableContent)
    }

    @Test func aUserChangesOnlyWhatIsTheirOwn() async throws {
        let fixture = try await ControlFixture()
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        let own = "/api/v1/users/\(ali.user.id)"
        #expect(try await fixture.ask(.get, own, as: .session(ali)).status == 200)
        let changed = try await fixture.ask(
            .patch, own, as: .session(ali), body: #"{"language": "uz", "sidecars": []}"#)
        #expect(try changed.json(UserBody.self).language == "uz")
        #expect(try changed.json(UserBody.self).sidecars == [])

        for body in [
            #"{"role": "admin"}"#, #"{"is_active": false}"#, #"{"phone_number": ""}"#, #"{"quota_bytes": 0}"#,
            #"{"quota_files": -1}"#, #"{"quota_minutes": 5}"#,
        ] {
            let refusal = try await fixture.refusal(.patch, own, as: .session(ali), body: body)
            #expect(refusal?.status == .forbidden, "\(body)")
        }
        for path in ["\(vali.user.id)", "12345"] {
            let refusal = try await fixture.refusal(.get, "/api/v1/users/\(path)", as: .session(ali))
            #expect(refusal?.status == .forbidden)
            let change = try await fixture.refusal(
                .patch, "/api/v1/users/\(path)", as: .session(ali), body: #"{"language": "ru"}"#)
            #expect(change?.status == .forbidden)
        }
        #expect(try await fixture.refusal(.get, "/api/v1/users", as: .session(ali))?.status == .forbidden)
        let add = try await fixture.refusal(
            .post, "/api/v1/users", as: .session(ali), body: #"{"name": "x"}"#)
        #expect(add?.status == .forbidden)
        #expect(try await fixture.catalog.users.find(ali.user.id)?.role == .user)
    }

    @Test(arguments: [
        #"{"role": "root"}"#, #"{"sidecars": ["doc"]}"#, #"{"language": "uzb"}"#, #"{"language": "UZ"}"#,
        #"{"phone_number": "12"}"#, #"{"is_active": "no"}"#, #"{"quota_bytes": -2}"#,
        #"{"quota_files": 1.5}"#,
        #"{"quota_minutes": 1000000001}"#, #"{"quota_bytes": 9007199254740993}"#, #"{"quota_bytes": "1G"}"#,
    ])
    func aValueThatThereIsNotIsInvalid(_ body: String) async throws {
        let fixture = try await ControlFixture()
        let ali = try await fixture.user("ali")
        let refusal = try await fixture.refusal(
            .patch, "/api/v1/users/\(ali.user.id)", as: .localOperator, body: body)
        #expect(refusal?.status == .unprocessableContent)
    }

    @Test func namesAndNumbersAreOnesOwn() async throws {
        let fixture = try await ControlFixture()
        _ = try await fixture.user("ali")
        let again = try await fixture.refusal(
            .post, "/api/v1/users", as: .localOperator, body: #"{"name": "ali"}"#)
        #expect(again?.status == .conflict && again?.code == .conflict)
        for name in ["", "..", ".x", "a/b", #"a\u0000b"#, #"a\nb"#] {
            let refusal = try await fixture.refusal(
                .post, "/api/v1/users", as: .localOperator, body: #"{"name": "\#(name)"}"#)
            #expect(refusal?.status == .unprocessableContent, "\(name)")
        }
    }

    @Test func missingUserIsNotFound() async throws {
        let fixture = try await ControlFixture()
        let show = try await fixture.refusal(.get, "/api/v1/users/7", as: .localOperator)
        #expect(show?.status == .notFound)
        let change = try await fixture.refusal(.patch, "/api/v1/users/7", as: .localOperator, body: "{}")
        #expect(change?.status == .notFound)
        let name = try await fixture.refusal(.get, "/api/v1/users/ali", as: .localOperator)
        #expect(name?.status == .unprocessableContent)
    }
}
