import FoundationEssentials
import KotibControlClient
import KotibControlProtocol
import KotibText

extension Session {
    /// Reports that words were not saved. After a conflict, shows both versions and how to go on.
    /// - Parameters:
    ///   - file: the person's text; nil for an earlier revision.
    ///   - again: the options of `kotibctl edit ID` that repeat the edit.
    ///   - base: the revision that was edited.
    func reportUnsaved(
        _ error: any Error, of id: Int64, in file: String?, again: String, over base: Int64?
    ) async -> ControlExit {
        let exit = await report(error)
        guard case ControlError.refused(_, let body, _) = error, let current = body.current else {
            if let file { await printError(text(.kept(file, again: command(id, again, over: base)))) }
            return exit
        }
        // Scripts use the exit status.
        if json {
            try? await show(json: Array((try? JSONEncoder().encode(body)) ?? Data()))
        } else {
            try? await show(theirs: current, mine: body.yours ?? "")
        }
        let again = command(id, again, over: current.id)
        await printError(text(file.map { .mergeIn($0, then: again) } ?? .restoreAnyway(again)))
        return exit
    }

    private func command(_ id: Int64, _ options: String, over revision: Int64?) -> String {
        "kotibctl edit \(id) \(options)" + (revision.map { " --if-revision \($0)" } ?? "")
    }

    private func show(theirs current: RevisionBody, mine: String) async throws {
        let runs = EditDifference(theirs: current.text, mine: mine).runs
        guard !runs.isEmpty else { return try await errors.line(text(.sameWords(as: current.id))) }
        let author = Terminal.safe(current.author ?? current.origin)
        let time = Terminal.safe(LocalTime.text(current.createdAt))
        try await errors.line(text(.differ(current.id, by: author, at: time)))
        let parts = runs.map { run in
            switch run {
            case .both(let words): plain(words)
            case .theirs(let words): errors.styled("[-\(plain(words))-]", .red)
            case .mine(let words): errors.styled("{+\(plain(words))+}", .green)
            case .gap: "…"
            }
        }
        try await errors.line("  " + parts.joined(separator: " "))
    }

    private func plain(_ words: [Substring]) -> String { Terminal.safe(words.joined(separator: " ")) }
}

extension String {
    /// As one word of a shell's.
    var quotedForShell: String {
        let plain = utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B...0x2F, 0x5F, 0x80...: true
            default: false
            }
        }
        return plain && !isEmpty ? self : "'" + replacing("'", with: #"'\''"#) + "'"
    }
}

extension Sentence {
    static func differ(_ revision: Int64, by author: String, at time: String) -> Sentence {
        Sentence(
            uzbek: "\(revision)-tahrirda (\(author), \(time)) [-bunday-], sizda {+bunday+}:",
            english: "Revision \(revision) (\(author), \(time)) has [-this-], yours {+this+}:",
            russian: "В редакции \(revision) (\(author), \(time)) — [-так-], у вас — {+так+}:")
    }

    static func sameWords(as revision: Int64) -> Sentence {
        Sentence(
            uzbek: "So'zlar \(revision)-tahrirdagi bilan bir xil; faqat bo'sh joylar farq qiladi",
            english: "The words are those of revision \(revision); only the space between them differs",
            russian: "Слова те же, что в редакции \(revision); отличаются только пробелы")
    }

    static func mergeIn(_ file: String, then command: String) -> Sentence {
        Sentence(
            uzbek: "Yozganingiz \(file) da. Ikkalasidan nima qolishini o'sha yerga yozing, so'ng: \(command)",
            english: "What you wrote is in \(file). Put there what is to stand of both, then: \(command)",
            russian: "Написанное вами — в \(file). Оставьте там то, что нужно от обоих, затем: \(command)")
    }

    static func restoreAnyway(_ command: String) -> Sentence {
        Sentence(
            uzbek: "Baribir qaytarish uchun: \(command)",
            english: "To bring it back all the same: \(command)",
            russian: "Чтобы всё равно вернуть: \(command)")
    }

    static func kept(_ file: String, again command: String) -> Sentence {
        Sentence(
            uzbek: "Yozganingiz \(file) da; saqlash uchun: \(command)",
            english: "What you wrote is in \(file); to save it: \(command)",
            russian: "Написанное вами — в \(file); чтобы сохранить: \(command)")
    }
}
