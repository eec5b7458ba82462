import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

/// Manages users, named by their folders.
struct User: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists and changes users.",
        subcommands: [
            UserList.self, UserShow.self, UserAdd.self, UserLink.self, UserRole.self, UserSet.self,
            UserActivate.self, UserDeactivate.self,
        ])
}

extension Session {
    /// The caller, or, for an admin, any user.
    func user(named name: String) async throws -> UserBody {
        let client = try await client()
        if let own = try await client.caller().body.user, own.name == name { return own }
        guard let user = try await client.users(named: name).body.items.first(where: { $0.name == name })
        else {
            throw CommandError(.noSuchUser(name), .notFound)
        }
        return user
    }

    /// Changes a user and shows the result.
    func change(_ name: String, _ request: ChangeUserRequest) async throws {
        let answer = try await client().changeUser(user(named: name).id, request)
        try await show(answer.body, json: answer.json)
    }

    func show(_ user: UserBody, json document: [UInt8]) async throws {
        if json { return try await show(json: document) }
        try await show(user)
    }

    func show(_ user: UserBody) async throws {
        var facts = FieldList()
        facts.add(text(.user), user.name, .bold)
        facts.add(text(.phone), user.phoneNumber)
        facts.add(text(.role), user.role)
        facts.add(text(.active), text(user.isActive ? .yes : .no), user.isActive ? nil : .red)
        facts.add(text(.sidecars), user.sidecars.joined(separator: ","))
        facts.add(text(.language), user.language)
        facts.add(text(.engine), user.engine)
        if let quota = user.quota {
            facts.add(
                text(.space), text(.used(Size.text(quota.bytes.used), quota.bytes.limit.map(Size.text))))
            facts.add(text(.recordings), text(.used(quota.files)))
            facts.add(text(.minutesToday), text(.used(quota.minutesPerDay)))
        }
        facts.add(text(.time), LocalTime.text(user.createdAt))
        try await output.write(Array(facts.text(for: output).utf8))
    }
}

extension Sentence {
    static let phone = Sentence(uzbek: "TELEFON", english: "PHONE", russian: "ТЕЛЕФОН")
    static let role = Sentence(uzbek: "ROL", english: "ROLE", russian: "РОЛЬ")
    static let active = Sentence(uzbek: "FAOL", english: "ACTIVE", russian: "АКТИВЕН")
    static let sidecars = Sentence(uzbek: "FAYLLAR", english: "SIDECARS", russian: "ФАЙЛЫ")
    static let yes = Sentence(uzbek: "ha", english: "yes", russian: "да")
    static let no = Sentence(uzbek: "yo'q", english: "no", russian: "нет")

    static func noSuchUser(_ name: String) -> Sentence {
        Sentence(
            uzbek: "\(name) degan foydalanuvchi yo'q", english: "There is no user \(name)",
            russian: "Нет пользователя \(name)")
    }
}
