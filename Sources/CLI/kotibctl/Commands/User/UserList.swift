import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct UserList: ControlCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists users.")

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let answer = try await session.client().users()
        if session.json { return try await session.show(json: answer.json) }
        guard !answer.body.items.isEmpty else {
            return try await session.errors.line(session.text(.noUsers))
        }
        let users = answer.body.items
        // Without users that have an engine of their own nothing is printed.
        let engines =
            users.contains { $0.engine != nil } ? [TextTable.Column(title: session.text(.engine))] : []
        var table = TextTable(
            columns: [
                .init(title: session.text(.user), isFlexible: true), .init(title: session.text(.phone)),
                .init(title: session.text(.role)), .init(title: session.text(.active)),
                .init(title: session.text(.sidecars)), .init(title: session.text(.language)),
            ] + engines)
        table.rows = users.map { user in
            [
                .init(user.name), .init(user.phoneNumber ?? ""), .init(user.role),
                .init(session.text(user.isActive ? .yes : .no), user.isActive ? nil : .red),
                .init(user.sidecars.joined(separator: ",")), .init(user.language ?? ""),
            ] + (engines.isEmpty ? [] : [.init(user.engine ?? "")])
        }
        try await session.output.write(Array(table.text(for: session.output).utf8))
    }
}

extension Sentence {
    static let noUsers = Sentence(
        uzbek: "Hozircha foydalanuvchilar yo'q (kotibctl user add)",
        english: "There are no users yet (kotibctl user add)",
        russian: "Пользователей пока нет (kotibctl user add)")
}
