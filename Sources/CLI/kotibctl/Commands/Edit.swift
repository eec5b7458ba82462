import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibPOSIX
import KotibText
import SystemPackage

struct Edit: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Edits the transcript of a recording.",
        discussion: """
            Opens the text in $VISUAL, otherwise $EDITOR, otherwise vi. If it was changed since the command \
            started, or since --if-revision, nothing is overwritten: both texts are shown with their differences, \
            yours is kept in a file that the message names, and the exit code is 65. The earlier text stays \
            an earlier revision (show --revisions), which --restore brings back.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The recording.", valueName: "id"))
    var id: Int64

    @Option(
        help: "Read the new text from a file (- for standard input, unless it is empty) instead.",
        completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("Restore an earlier revision instead.", valueName: "revision"))
    var restore: Int64?

    @Option(
        help: ArgumentHelp(
            "With --file or --restore: only if this is still the latest revision.", valueName: "revision"))
    var ifRevision: Int64?

    func validate() throws {
        if file != nil, restore != nil {
            throw ValidationError("Only one of --file and --restore can be given.")
        }
        if ifRevision != nil, file == nil, restore == nil {
            throw ValidationError("--if-revision goes with --file or --restore; an editor shows the latest.")
        }
    }

    func run(_ session: Session) async throws {
        let client = try await session.client()
        if file != nil || restore != nil {
            // Before the file is read: the commands of a pipeline start together, and one may take its time.
            let base = if let ifRevision { ifRevision } else { try await client.recording(id).body.revision }
            if let restore {
                try await bringBack(restore, over: base, client, session)
            } else if let file {
                try await save(file, over: base, client, session)
            }
        } else {
            try await EditedFile(id: id, client: client, session: session).edit(tell)
        }
    }

    private func bringBack(
        _ revision: Int64, over base: Int64?, _ client: ControlClient, _ session: Session
    ) async throws {
        let answer: Answer<AudioRecordBody>
        do {
            answer = try await client.restore(id, revision: revision, over: base)
        } catch {
            throw await SilentExit(
                exit: session.reportUnsaved(
                    error, of: id, in: nil, again: "--restore \(revision)", over: base))
        }
        try await tell(answer, over: base, session)
    }

    private func save(
        _ file: String, over base: Int64?, _ client: ControlClient, _ session: Session
    ) async throws {
        let bytes = try await read(file)
        // The command before it in the pipeline has failed, most likely.
        if file == "-", bytes.isEmpty { throw CommandError(.emptyInput(id: id)) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.notUTF8(file), .failed)
        }
        let answer: Answer<AudioRecordBody>
        do {
            answer = try await client.edit(id, text: text, over: base)
        } catch {
            let path = file == "-" ? try await keep(bytes, session) : file
            throw await SilentExit(
                exit: session.reportUnsaved(
                    error, of: id, in: path, again: "--file " + path.quotedForShell, over: base))
        }
        try await tell(answer, over: base, session)
    }

    private func read(_ file: String) async throws -> [UInt8] {
        do {
            return try await file == "-" ? LocalFile.read(.standardInput) : LocalFile.read(file)
        } catch {
            throw ControlError.unreadableFile(file)
        }
    }

    /// Text from standard input cannot be read again.
    private func keep(_ bytes: [UInt8], _ session: Session) async throws -> String {
        do {
            let (path, file) = try await LocalFile.temporary(ending: ".txt", environment: session.environment)
            try await BlockingWork.run { _ = try file.closeAfter { try file.writeAll(bytes) } }
            return path
        } catch let error as Errno {
            throw CommandError(.noTemporaryFile(error), .cannotCreate)
        }
    }

    private func tell(
        _ answer: Answer<AudioRecordBody>, over base: Int64?, _ session: Session
    ) async throws {
        if session.json { return try await session.show(json: answer.json) }
        guard let revision = answer.body.revision, revision != base else {
            return try await session.say(.unchanged(id: id))
        }
        try await session.say(.edited(id: id, revision: revision, over: base))
    }
}

extension Sentence {
    static func edited(id: Int64, revision: Int64, over base: Int64?) -> Sentence {
        let back = base.map { "kotibctl edit \(id) --restore \($0)" }
        return Sentence(
            uzbek: "\(id)-yozuv matni saqlandi: \(revision)-tahrir"
                + (back.map { "; avvalgisini qaytarish: \($0)" } ?? ""),
            english: "The words of \(id) are saved as revision \(revision)"
                + (back.map { "; to undo: \($0)" } ?? ""),
            russian: "Текст записи \(id) сохранён как редакция \(revision)"
                + (back.map { "; вернуть прежний: \($0)" } ?? ""))
    }

    static func emptyInput(id: Int64) -> Sentence {
        let empty = "kotibctl edit \(id) --file /dev/null"
        return Sentence(
            uzbek: "Kirish bo'sh; hech narsa o'zgarmadi. Matnni ataylab bo'shatish: \(empty)",
            english: "Standard input is empty; nothing was changed. To empty the words on purpose: \(empty)",
            russian: "Ввод пуст; ничего не изменено. Чтобы намеренно стереть текст: \(empty)")
    }

    static func notUTF8(_ file: String) -> Sentence {
        Sentence(
            uzbek: "\(file) UTF-8 matn emas; hech narsa o'zgarmadi",
            english: "\(file) is no UTF-8 text; nothing was changed",
            russian: "\(file) не является текстом UTF-8; ничего не изменено")
    }
}
