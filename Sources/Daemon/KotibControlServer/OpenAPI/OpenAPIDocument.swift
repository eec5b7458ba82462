import HTTPTypes
import HummingbirdCore
import NIOCore

/// The description of the API, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1). Each part is the text
/// of a JSON object, written by hand beside the routes that it describes.
enum OpenAPIDocument {
    /// - Parameter version: the daemon's; digits, letters, dots and hyphens.
    static func text(version: String) -> String {
        """
        {
        "openapi": "3.1.0",
        "info": {"title": "Kotib", "version": "\(version)", "summary": "Audio in folders becomes text",
          "description":
            "HTTP/1.1 on a Unix socket. Times are ISO 8601 in UTC. A field without a value is left out. \
        Sentences are in Uzbek, English or Russian by Accept-Language.",
          "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {}],
        "paths": {
        \(OpenAPIPaths.all.joined(separator: ",\n"))
        },
        "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
          "description":
            "From POST auth/verify_otp. Without one, root and the daemon's own user act as the operator."}},
        "parameters": {
        \(parameters)
        },
        "responses": {
        \(responses)
        },
        "schemas": {
        \(OpenAPISchemas.all.joined(separator: ",\n"))
        }
        }
        }
        """
    }

    private static let parameters = #"""
        "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "integer",
          "format": "int64"}},
        "revision": {"name": "revision", "in": "path", "required": true,
          "schema": {"type": "integer", "format": "int64"}},
        "skip": {"name": "skip", "in": "query", "description": "How many to leave out.",
          "schema": {"type": "integer", "minimum": 0, "default": 0}},
        "limit": {"name": "limit", "in": "query", "description": "How many to give.",
          "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
        "ifMatch": {"name": "If-Match", "in": "header", "schema": {"type": "string"}, "example": "\"17\"",
          "description": "The ETag of the revision that was read: only where it still is the latest."}
        """#

    /// The error responses; `default` stands for those that any call may give: 405, 413, 415, 500, 503, 507.
    private static let responses: String = {
        let refusals = [
            ("Refused", "400: what was sent is refused; the sentence says why."),
            ("Unauthorized", "401: no token, or it does not hold any more."),
            ("Forbidden", "403: not for this role."),
            ("NotFound", "404: there is none, or it is not the caller's to see."),
            ("Conflict", "409: changed by somebody else first, taken, or not possible in this state."),
            ("Invalid", "422: a body or parameter cannot be read."),
            ("TooMany", "429: too often; Retry-After says when again."),
            ("Error", "Any other refusal: 405, 413, 415, 500, 503 or 507."),
        ]
        let content = ##"{"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}"##
        return refusals.map { name, description in
            #""\#(name)": {"description": "\#(description)", "content": \#(content)}"#
        }.joined(separator: ",\n")
    }()
}

/// `openapi.json`: public, since it reveals nothing that the sources do not.
struct OpenAPIRoute {
    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        let document = ByteBuffer(string: OpenAPIDocument.text(version: parts.version))
        routes.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: document))
        }
    }
}
