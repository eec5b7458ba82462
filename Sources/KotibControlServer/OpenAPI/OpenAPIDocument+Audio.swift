extension OpenAPIDocument {
    static let audio = ##"""
        "/api/v1/audio/upload": {"post": {"operationId": "upload", "tags": ["audio"],
          "summary": "Puts a recording into the caller's folder",
          "parameters": [{"name": "user", "in": "query", "schema": {"type": "string"},
            "description": "Into whose folder; the local operator must say so, others need not."}],
          "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": {"type": "object",
            "required": ["file"], "properties": {"file":
              {"contentMediaType": "application/octet-stream"}}}}}},
          "responses": {
            "200": {"description": "Taken.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
            "400": {"$ref": "#/components/responses/Refused"},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "403": {"$ref": "#/components/responses/Forbidden"},
            "422": {"$ref": "#/components/responses/Invalid"},
            "default": {"$ref": "#/components/responses/Error"}}}},
        "/api/v1/audio/list": {"get": {"operationId": "listAudio", "tags": ["audio"],
          "summary": "The caller's recordings, an admin's all; newest first",
          "parameters": [{"$ref": "#/components/parameters/skip"}, {"$ref": "#/components/parameters/limit"},
            {"name": "before", "in": "query", "schema": {"type": "integer", "format": "int64"},
              "description": "`next` of the page before: stable while recordings are added."},
            {"name": "status", "in": "query", "schema": {"type": "string"}, "example": "pending,processing",
              "description": "States with commas between, or `all`; all but `rejected` unless given."},
            {"name": "q", "in": "query", "schema": {"type": "string"},
              "description": "Words of the transcript; \"…\" for a phrase, an ending * for a beginning."},
            {"name": "from", "in": "query", "schema": {"type": "string"}, "example": "2026-11-01",
              "description": "Created at or after this date or time."},
            {"name": "until", "in": "query", "schema": {"type": "string"},
              "description": "Created before this date or time."},
            {"name": "min_duration", "in": "query", "schema": {"type": "number"}, "description": "Seconds."},
            {"name": "max_duration", "in": "query", "schema": {"type": "number"}, "description": "Seconds."},
            {"name": "language", "in": "query", "schema": {"type": "string"}, "description": "ISO 639-1."},
            {"name": "user", "in": "query", "schema": {"type": "string"},
              "description": "The name of a user's folder; for admins."}],
          "responses": {
            "200": {"description": "One page.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecordingList"}}}},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "422": {"$ref": "#/components/responses/Invalid"},
            "default": {"$ref": "#/components/responses/Error"}}}},
        "/api/v1/audio/{id}": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "audio", "tags": ["audio"], "summary": "A recording",
            "responses": {
              "200": {"description": "The recording.",
                "headers": {"ETag": {"schema": {"type": "string"},
                  "description": "The revision of its words."}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "422": {"$ref": "#/components/responses/Invalid"},
              "default": {"$ref": "#/components/responses/Error"}}},
          "put": {"operationId": "editAudio", "tags": ["audio"], "summary": "Changes the words",
            "parameters": [{"$ref": "#/components/parameters/ifMatch"}],
            "requestBody": {"required": true, "content": {"application/json":
              {"schema": {"$ref": "#/components/schemas/Edit"}}}},
            "responses": {
              "200": {"description": "As it is now.",
                "headers": {"ETag": {"schema": {"type": "string"},
                  "description": "The revision of its words."}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "409": {"$ref": "#/components/responses/Conflict"},
              "422": {"$ref": "#/components/responses/Invalid"},
              "default": {"$ref": "#/components/responses/Error"}}},
          "delete": {"operationId": "deleteAudio", "tags": ["audio"],
            "summary": "Removes recording, audio and transcripts",
            "responses": {
              "200": {"description": "Removed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "422": {"$ref": "#/components/responses/Invalid"},
              "default": {"$ref": "#/components/responses/Error"}}}},
        \##(file("/api/v1/audio/{id}/file", id: "audioFile")),
        \##(file("/api/v1/audio/file/{id}", id: "audioFileOfSeed")),
        "/api/v1/audio/{id}/retry": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "post": {"operationId": "retryAudio", "tags": ["audio"], "summary": "Transcribes again",
            "responses": {
              "200": {"description": "It waits for its turn.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "409": {"$ref": "#/components/responses/Conflict"},
              "422": {"$ref": "#/components/responses/Invalid"},
              "default": {"$ref": "#/components/responses/Error"}}}}
        """##

    /// The bytes, at the seed's address too.
    private static func file(_ path: String, id: String) -> String {
        ##"""
        "\##(path)": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "\##(id)", "tags": ["audio"], "summary": "The audio",
            "parameters": [{"name": "Range", "in": "header", "schema": {"type": "string"},
              "example": "bytes=0-99"}],
            "responses": {
              "200": {"description": "All of it.", "content": {"*/*": {}}},
              "206": {"description": "The range.", "content": {"*/*": {}},
                "headers": {"Content-Range": {"required": true, "schema": {"type": "string"}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "416": {"$ref": "#/components/responses/Invalid"},
              "422": {"$ref": "#/components/responses/Invalid"},
              "default": {"$ref": "#/components/responses/Error"}}}}
        """##
    }
}
