import ArgumentParser
import Glibc
import KotibControlClient
import KotibControlProtocol
import KotibPOSIX
import KotibText
import SystemPackage

struct Upload: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Uploads recordings for transcription.",
        discussion: """
            A refused file does not stop the upload of the others. With --wait the exit code is that of \
            kotibctl watch.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The recordings.", completion: .file())
    var files: [String]

    @Option(help: "The user whose folder they are put into; required for the local operator.")
    var user: String?

    @Flag(help: "Wait until they are transcribed, showing the progress.")
    var wait = false

    func run(_ session: Session) async throws {
        let client = try await session.client()
        // Known before a large file is sent.
        if user == nil, try await client.caller().body.user == nil { throw CommandError(.needsUser, .usage) }
        var sent: [Int64] = []
        var exit = ControlExit.done
        for path in files {
            do {
                let answer = try await send(path, client, session)
                sent.append(answer.body.id)
                if session.json {
                    try await session.show(json: answer.json)
                } else {
                    let name = Terminal.safe(answer.body.filePath)
                    try await session.output.line("\(answer.body.id) \(name)")
                }
            } catch let error as ControlError where !error.isAboutSocket {
                exit = await session.report(error)
            }
        }
        if wait, !sent.isEmpty { try await Follower(session, client, ids: sent).follow() }
        if exit != .done { throw SilentExit(exit: exit) }
    }

    private func send(
        _ path: String, _ client: ControlClient, _ session: Session
    ) async throws -> Answer<AudioRecordBody> {
        let (file, size) = try await open(path)
        let name = FilePath(path).lastComponent?.string ?? path
        let progress = UploadProgress(name: name, size: size, session: session)
        return try await progress.during { sent in
            try await client.upload(path, named: name, file: file, size: size, user: user, sent: sent)
        }
    }

    private func open(_ path: String) async throws(ControlError) -> (OpenFile, Int64) {
        try await BlockingWork.run { () throws(ControlError) in
            // Not to wait for the writer of a pipe, which is then refused.
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { throw .unreadableFile(path) }
            let file = OpenFile(owning: descriptor)
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw .unreadableFile(path)
            }
            return (file, Int64(status.st_size))
        }
    }
}

extension Sentence {
    static let needsUser = Sentence(
        uzbek: "Kimning papkasiga? --user NOM ni qo'shing (kotibctl user list)",
        english: "Whose folder do they go to? Add --user NAME (kotibctl user list)",
        russian: "В чью папку? Добавьте --user ИМЯ (kotibctl user list)")
}
