import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibControlProtocol
import Testing

@testable import KotibControlServer

@Suite struct OpenAPITests {
    /// The parts of the document that the tests read.
    private struct Document: Decodable {
        var openapi: String
        var paths: [String: [String: Operation]]
        var components: Components
    }

    private struct Components: Decodable {
        var parameters: [String: Ignored]
        var responses: [String: Ignored]
        var schemas: [String: Ignored]
    }

    private struct Ignored: Decodable {}

    /// An operation, or the parameters that stand beside them.
    private struct Operation: Decodable {
        var operationId: String?
        var responses: [String: Ignored]?

        private enum CodingKeys: String, CodingKey { case operationId, responses }

        init(from decoder: any Decoder) throws {
            guard let container = try? decoder.container(keyedBy: CodingKeys.self) else { return }
            operationId = try container.decode(String.self, forKey: .operationId)
            responses = try container.decode([String: Ignored].self, forKey: .responses)
        }
    }

    private static let text = OpenAPIDocument.text(version: "1.2.3")

    private func document() throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(Self.text.utf8))
    }

    @Test func routesAndDescriptionsAreTheSame() async throws {
        let document = try document()
        #expect(document.openapi == "3.1.0")
        let described = document.paths.flatMap { path, operations in
            operations.filter { $0.value.operationId != nil }.map { "\($0.key.uppercased()) \(path)" }
        }
        #expect(Set(described) == Set(try await MatrixWorld.routes(of: SocketFixture())))
    }

    @Test func operationsAreWhole() throws {
        let operations = try document().paths.values.flatMap { $0.filter { $0.key != "parameters" }.values }
        #expect(operations.count == 27)
        let ids = operations.compactMap(\.operationId)
        #expect(Set(ids).count == operations.count)
        for operation in operations {
            #expect(operation.responses?["default"] != nil, "\(operation.operationId ?? "")")
            let good = operation.responses?.keys.filter { $0.hasPrefix("2") }
            #expect(good?.isEmpty == false)
        }
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let components = try document().components
        let references = Self.text.matches(of: /"#\/components\/([a-z]+)\/([A-Za-z]+)"/)
        #expect(references.count > 100)
        for reference in references {
            let name = String(reference.output.2)
            switch reference.output.1 {
            case "parameters": #expect(components.parameters[name] != nil, "\(name)")
            case "responses": #expect(components.responses[name] != nil, "\(name)")
            default: #expect(components.schemas[name] != nil, "\(name)")
            }
        }
    }

    @Test(arguments: ["/openapi.json", "/api/v1/openapi.json"])
    func everybodyMayReadIt(_ path: String) async throws {
        let answer = try await ControlFixture().ask(.get, path, as: nil)
        #expect(answer.status == 200 && answer.text == Self.text)
        #expect(answer.headers[.contentType] == "application/json")
    }
}
