import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct Texts: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes removed texts beside recordings again.",
        discussion: """
            In the formats that the user has set (kotibctl user set --sidecars). Nothing is transcribed \
            anew; kotibctl retry does that.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The ids of the recordings.")
    var ids: [Int64]

    func run(_ session: Session) async throws {
        let client = try await session.client()
        try await session.each(ids) { id in
            let answer = try await client.rewriteTexts(id)
            if session.json {
                try await session.show(json: answer.json)
            } else {
                try await session.output.line("\(id): " + Terminal.safe(answer.body.message))
            }
        }
    }
}
