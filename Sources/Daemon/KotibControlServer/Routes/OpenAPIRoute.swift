import HTTPTypes
import Hummingbird
import NIOCore

/// `openapi.json`: for everybody, as it tells nothing that the program's sources do not.
struct OpenAPIRoute {
    let parts: ControlParts

    func add(to routes: some RouterMethods<ControlContext>) {
        let document = ByteBuffer(string: OpenAPIDocument.text(version: parts.version))
        routes.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: document))
        }
    }
}
