import Glibc
import KotibControlClient
import KotibControlProtocol
import KotibPOSIX
import KotibText
import SystemPackage

/// A recording's words in a temporary file while the person's editor has it open.
struct EditedFile {
    let id: Int64
    let client: ControlClient
    let session: Session

    /// - Parameter tell: called with the daemon's response to the new words, and the earlier revision.
    func edit(
        _ tell: (Answer<AudioRecordBody>, Int64?, Session) async throws -> Void
    ) async throws {
        let opened = try await client.recording(id)
        let record = opened.body
        guard let words = record.transcriptText else { throw CommandError(.noWords(id: id)) }
        // Editors end the last line, which the transcript need not.
        let addsEnd = !words.hasSuffix("\n")
        let path = try await write(words + (addsEnd ? "\n" : ""))
        let code = try await runEditor(path)
        let bytes = try await LocalFile.read(path)
        let isSame = bytes == Array((words + (addsEnd ? "\n" : "")).utf8)
        if isSame { await remove(path) }
        guard code == 0 else {
            throw CommandError(isSame ? .editorFailed(code) : .editorFailed(code, kept: path))
        }
        if isSame { return try await tell(opened, record.revision, session) }
        guard var text = String(validating: bytes, as: UTF8.self) else { throw CommandError(.notUTF8(path)) }
        if addsEnd, text.utf8.last == UInt8(ascii: "\n") { text.unicodeScalars.removeLast() }
        let answer: Answer<AudioRecordBody>
        do {
            answer = try await client.edit(id, text: text, over: record.revision)
        } catch {
            throw await SilentExit(
                exit: session.reportUnsaved(
                    error, of: id, in: path, again: "--file " + path.quotedForShell, over: record.revision))
        }
        await remove(path)
        try await tell(answer, record.revision, session)
    }

    private func write(_ words: String) async throws -> String {
        do {
            let (path, file) = try await LocalFile.temporary(ending: ".txt", environment: session.environment)
            try await BlockingWork.run { _ = try file.closeAfter { try file.writeAll(words.utf8) } }
            return path
        } catch let error as Errno {
            throw CommandError(.noTemporaryFile(error), .cannotCreate)
        }
    }

    private func remove(_ path: String) async {
        // A file that the editor has removed is gone already, which is as well.
        _ = await BlockingWork.run { unlink(path) }
    }

    /// As git does: what VISUAL and EDITOR say may have arguments and quotes, so a shell reads it.
    private func runEditor(_ path: String) async throws -> Int32 {
        let editor =
            ["VISUAL", "EDITOR"].lazy.compactMap { session.environment[$0] }.first { !$0.isEmpty } ?? "vi"
        return try await ExternalProgram(path: "/bin/sh").onTerminal(["-c", editor + " \"$@\"", editor, path])
    }
}

extension Sentence {
    static func noWords(id: Int64) -> Sentence {
        Sentence(
            uzbek: "\(id)-yozuvning hali matni yo'q", english: "Recording \(id) has no words yet",
            russian: "У записи \(id) ещё нет текста")
    }

    static func unchanged(id: Int64) -> Sentence {
        Sentence(
            uzbek: "\(id)-yozuv matni o'zgarmadi", english: "The words of \(id) were not changed",
            russian: "Текст записи \(id) не изменён")
    }

    static func editorFailed(_ code: Int32) -> Sentence {
        Sentence(
            uzbek: "Muharrir \(code) kodi bilan tugadi; hech narsa o'zgarmadi",
            english: "The editor ended with code \(code); nothing was changed",
            russian: "Редактор завершился с кодом \(code); ничего не изменено")
    }

    static func editorFailed(_ code: Int32, kept path: String) -> Sentence {
        Sentence(
            uzbek: "Muharrir \(code) kodi bilan tugadi; yozganingiz \(path) da qoldi",
            english: "The editor ended with code \(code); what you wrote is in \(path)",
            russian: "Редактор завершился с кодом \(code); написанное вами — в \(path)")
    }

    static func noTemporaryFile(_ error: Errno) -> Sentence {
        Sentence(
            uzbek: "Vaqtinchalik fayl yaratib bo'lmadi: \(error); TMPDIR ni belgilang",
            english: "A temporary file cannot be made: \(error); set TMPDIR",
            russian: "Не удаётся создать временный файл: \(error); задайте TMPDIR")
    }
}
