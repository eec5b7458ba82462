import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import SystemPackage

struct Edit: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the words of a recording.",
        discussion: """
            Opens them in $VISUAL, otherwise $EDITOR, otherwise vi. Where somebody else changed them meanwhile \
            nothing is overwritten: what you wrote is kept in a file that the message names.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The recording.", valueName: "id"))
    var id: Int64

    @Option(help: "Take the words from a file (- for standard input) instead.", completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("Go back to an earlier revision instead.", valueName: "revision"))
    var restore: Int64?

    func validate() throws {
        if file != nil, restore != nil {
            throw ValidationError("Only one of --file and --restore can be given.")
        }
    }

    func run(_ session: Session) async throws {
        let client = try await session.client()
        if let restore {
            try await tell(client.restore(id, revision: restore, over: nil), session)
        } else if let file {
            let bytes = try await read(file)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Trouble(.notUTF8(file), .failed)
            }
            try await tell(client.edit(id, text: text, over: nil), session)
        } else {
            try await EditedFile(id: id, client: client, session: session).edit(tell)
        }
    }

    private func read(_ file: String) async throws -> [UInt8] {
        do {
            return try await file == "-" ? LocalFile.read(.standardInput) : LocalFile.read(file)
        } catch {
            throw ControlError.unreadableFile(file)
        }
    }

    private func tell(_ answer: Answer<AudioRecordBody>, _ session: Session) async throws {
        if session.json { return try await session.show(json: answer.json) }
        try await session.say(.edited(id: answer.body.id, revision: answer.body.revision ?? 0))
    }
}

extension Phrase {
    static func edited(id: Int64, revision: Int64) -> Phrase {
        Phrase(
            uzbek: "\(id)-yozuv matni saqlandi: \(revision)-tahrir",
            english: "The words of \(id) are saved as revision \(revision)",
            russian: "Текст записи \(id) сохранён как редакция \(revision)")
    }

    static func notUTF8(_ file: String) -> Phrase {
        Phrase(
            uzbek: "\(file) UTF-8 matn emas; hech narsa o'zgarmadi",
            english: "\(file) is no UTF-8 text; nothing was changed",
            russian: "\(file) не является текстом UTF-8; ничего не изменено")
    }
}
