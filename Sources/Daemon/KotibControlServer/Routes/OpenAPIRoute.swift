import HTTPTypes
import Hummingbird
import NIOCore

/// `openapi.json`: public, since it reveals nothing that the sources do not.
struct OpenAPIRoute {
    let parts: ControlDependencies

    func add(to routes: some RouterMethods<ControlContext>) {
        let document = ByteBuffer(string: OpenAPIDocument.text(version: parts.version))
        routes.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: document))
        }
    }
}
