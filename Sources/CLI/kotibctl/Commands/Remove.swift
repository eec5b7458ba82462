import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Remove: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Deletes recordings with their files and words.",
        discussion: "Asks for confirmation on a terminal; otherwise requires --yes.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The ids of the recordings.")
    var ids: [Int64]

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run(_ session: Session) async throws {
        let client = try await session.client()
        if !yes, !session.isInteractive { throw CommandError(.needsYes, .usage) }
        try await session.each(ids) { id in
            if !yes {
                let file = try await client.recording(id).body.filePath
                guard try await session.confirms(.askDeletion(id: id, file: Terminal.safe(file))) else {
                    return
                }
            }
            let answer = try await client.delete(id)
            if session.json {
                try await session.show(json: answer.json)
            } else {
                try await session.output.line("\(id): " + Terminal.safe(answer.body.message))
            }
        }
    }
}

extension Sentence {
    static let needsYes = Sentence(
        uzbek: "O'chirishni tasdiqlash uchun --yes ni qo'shing",
        english: "There is no terminal to ask at: add --yes",
        russian: "Некого спросить: добавьте --yes")

    static func askDeletion(id: Int64, file: String) -> Sentence {
        Sentence(
            uzbek: "\(id) \(file): Bu yozuvni o'chirishga ishonchingiz komilmi? [ha/yo'q]",
            english: "\(id) \(file): Delete this recording? [yes/no]",
            russian: "\(id) \(file): Удалить эту запись? [да/нет]")
    }
}
