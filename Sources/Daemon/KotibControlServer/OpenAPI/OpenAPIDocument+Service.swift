import KotibControlProtocol

extension OpenAPIDocument {
    static let service = ##"""
        "/api/v1/status": {"get": {"operationId": "status", "tags": ["service"],
          "summary": "How the daemon is and how far the caller's recordings are",
          "responses": {
            "200": {"description": "Problems, engine, watch, hooks and uptime are for admins only.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "default": {"$ref": "#/components/responses/Error"}}}},
        "/api/v1/events": {"get": {"operationId": "events", "tags": ["service"],
          "summary": "What happens to the caller's recordings, as it happens (server-sent events)",
          "description":
            "`changed`, `edited`, `deleted` carry an Event and an id; `progress` a Running; after `reset` list anew.",
          "parameters": [{"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"},
            "description": "The id of the last event that arrived, to go on after it."}],
          "responses": {
            "200": {"description": "Ends when the session does, or the daemon.",
              "content": {"text/event-stream": {"schema": {"type": "string"},
                "example": "id: 7\nevent: edited\ndata: {}\n\n"}}},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "default": {"$ref": "#/components/responses/Error"}}}},
        \##(metrics("/metrics", id: "metrics")),
        \##(metrics("/api/v1/metrics", id: "metricsOfVersion")),
        \##(document("/openapi.json", id: "openapi")),
        \##(document("/api/v1/openapi.json", id: "openapiOfVersion"))
        """##

    private static func metrics(_ path: String, id: String) -> String {
        ##"""
        "\##(path)": {"get": {"operationId": "\##(id)", "tags": ["service"],
          "summary": "Measurements for Prometheus; for admins",
          "responses": {
            "200": {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema":
              {"type": "string"}}}},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "403": {"$ref": "#/components/responses/Forbidden"},
            "default": {"$ref": "#/components/responses/Error"}}}}
        """##
    }

    private static func document(_ path: String, id: String) -> String {
        ##"""
        "\##(path)": {"get": {"operationId": "\##(id)", "tags": ["service"], "security": [{}],
          "summary": "This document",
          "responses": {
            "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema":
              {"type": "object"}}}},
            "default": {"$ref": "#/components/responses/Error"}}}}
        """##
    }

    static let serviceSchemas: String = {
        let codes = ErrorCode.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return ##"""
            "Error": {"type": "object", "required": ["detail", "code"],
              "properties": {"detail": {"type": "string", "description": "A sentence for a person."},
                "code": {"enum": [\##(codes)]},
                "current": {"$ref": "#/components/schemas/Revision"},
                "yours": {"type": "string", "description": "With a conflict of edits: what was sent."}}},
            "Status": {"type": "object",
              "required": ["version", "state", "problems", "recordings", "running"],
              "properties": {"version": {"type": "string"}, "state": {"enum": ["ok", "degraded"]},
                "problems": {"type": "array", "items": {"type": "string"}},
                "recordings": {"type": "object", "description": "How many by state.",
                  "additionalProperties": {"type": "integer"}},
                "doubtful": {"type": "integer", "description": "Transcribed ones that have warnings, a wrong ending apart."},
                "running": {"type": "array", "items": {"$ref": "#/components/schemas/Running"}},
                "engine": {"type": "object", "required": ["name"],
                  "properties": {"name": {"type": "string"}, "paused_because": {"type": "string"},
                    "paused_for": {"type": "number", "description": "Seconds."}}},
                "watch": {"type": "object", "required": ["watched_folders", "polled_folders"],
                  "properties": {"watched_folders": {"type": "integer"},
                    "polled_folders": {"type": "integer"},
                    "mode": {"enum": ["auto", "events", "poll"]},
                    "without_events": {"type": "array", "items": {"type": "string"},
                      "description": "Kinds of file systems that are polled because they tell of nothing."}}},
                "hooks": {"type": "array", "items": {"type": "object", "required": ["receiver", "pending"],
                  "properties": {"receiver": {"enum": ["program", "webhook"]},
                    "pending": {"type": "integer"}, "last_error": {"type": "string"}}}},
                "uptime": {"type": "number", "description": "Seconds."}}},
            "Running": {"type": "object",
              "required": ["id", "user_name", "file_path", "duration", "progress", "started_at"],
              "properties": {"id": {"type": "integer", "format": "int64"}, "user_name": {"type": "string"},
                "file_path": {"type": "string"},
                "duration": {"type": "number", "description": "Seconds."},
                "progress": {"type": "number", "minimum": 0, "maximum": 1},
                "remaining": {"type": "number", "description": "Seconds, guessed."},
                "started_at": {"type": "string", "format": "date-time"}}},
            "Event": {"type": "object",
              "required": ["id", "file_path", "transcription_status", "audio_state", "at"],
              "properties": {"id": {"type": "integer", "format": "int64"}, "file_path": {"type": "string"},
                "transcription_status": {"$ref": "#/components/schemas/State"},
                "audio_state": {"$ref": "#/components/schemas/AudioState"},
                "at": {"type": "string", "format": "date-time"}}}
            """##
    }()
}
