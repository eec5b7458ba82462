import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct Retry: ControlCommand {
    static let configuration = CommandConfiguration(abstract: "Transcribes recordings again.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The ids of the recordings.")
    var ids: [Int64]

    func run(_ session: Session) async throws {
        let client = try await session.client()
        try await session.each(ids) { id in
            let answer = try await client.retry(id)
            if session.json {
                try await session.show(json: answer.json)
            } else {
                try await session.output.line(
                    "\(id): " + Terminal.safe(session.text(.state(answer.body.transcriptionStatus))))
            }
        }
    }
}
