/// What is at each path: the text of JSON, beside the routes that it describes.
enum OpenAPIPaths {
    static let all = [accounts, service, audio, transcripts]

    private static let accounts = ##"""
        "/api/v1/auth/send_otp": {"post": {"operationId": "sendCode", "tags": ["auth"], "security": [{}],
          "summary": "Sends a one-time code to a phone",
          "requestBody": {"required": true, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/SendCode"}}}},
          "responses": {
            "200": {"description": "The code is on its way, if this number may have one.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"},
                "example": {"message": "OTP kodi yuborildi"}}}},
            \##(failures(422, 429))}}},
        "/api/v1/auth/verify_otp": {"post": {"operationId": "verifyCode", "tags": ["auth"], "security": [{}],
          "summary": "Trades a code for a token",
          "requestBody": {"required": true, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/VerifyCode"}}}},
          "responses": {
            "200": {"description": "Logged in.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Login"}}}},
            \##(failures(400, 422, 429))}}},
        "/api/v1/auth/logout": {"post": {"operationId": "logout", "tags": ["auth"],
          "summary": "Ends this session, or all of the user's",
          "requestBody": {"required": false, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/Logout"}}}},
          "responses": {
            "200": {"description": "Done.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
            \##(failures(401, 409, 422))}}},
        "/api/v1/auth/me": {"get": {"operationId": "me", "tags": ["auth"], "summary": "Who the caller is",
          "responses": {
            "200": {"description": "The caller.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Caller"}}}},
            \##(failures(401))}}},
        "/api/v1/users": {
          "get": {"operationId": "listUsers", "tags": ["users"], "summary": "All users; for admins",
            "parameters": [{"$ref": "#/components/parameters/skip"},
              {"$ref": "#/components/parameters/limit"},
              {"name": "name", "in": "query", "description": "Only the user with this folder.",
                "schema": {"type": "string"}}],
            "responses": {
              "200": {"description": "By their folders' names.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UserList"}}}},
              \##(failures(401, 403, 422))}},
          "post": {"operationId": "addUser", "tags": ["users"],
            "summary": "Adds a user and their folder; for admins",
            "requestBody": {"required": true, "content": {"application/json":
              {"schema": {"$ref": "#/components/schemas/AddUser"}}}},
            "responses": {
              "201": {"description": "Added.",
                "headers": {"Location": {"required": true, "schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
              \##(failures(401, 403, 409, 422))}}},
        "/api/v1/users/{id}": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "user", "tags": ["users"], "summary": "A user; for admins and the user",
            "responses": {
              "200": {"description": "The user.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
              \##(failures(401, 403, 404, 422))}},
          "patch": {"operationId": "changeUser", "tags": ["users"],
            "summary":
              "Changes a user; their own sidecars, language and engine are theirs to change, the rest an admin's",
            "requestBody": {"required": true, "content": {"application/json":
              {"schema": {"$ref": "#/components/schemas/ChangeUser"}}}},
            "responses": {
              "200": {"description": "As the user is now.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
              \##(failures(401, 403, 404, 409, 422))}}}
        """##

    private static let service = ##"""
        "/api/v1/status": {"get": {"operationId": "status", "tags": ["service"],
          "summary": "How the daemon is and how far the caller's recordings are",
          "responses": {
            "200": {"description": "Problems, engine, watch, hooks and uptime are for admins only.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}},
            \##(failures(401))}}},
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
            \##(failures(401))}}},
        \##(metrics("/metrics", id: "metrics")),
        \##(metrics("/api/v1/metrics", id: "metricsOfVersion")),
        \##(document("/openapi.json", id: "openapi")),
        \##(document("/api/v1/openapi.json", id: "openapiOfVersion"))
        """##

    private static let audio = ##"""
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
            "429": {"description": "`over_quota`: the day's minutes are used; Retry-After says until midnight.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
            "507": {"description": "`over_quota`: the quota of bytes or files has no room; or `no_space`.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
            \##(failures())}}},
        "/api/v1/audio/list": {"get": {"operationId": "listAudio", "tags": ["audio"],
          "summary": "The caller's recordings, an admin's all; newest first",
          "parameters": [{"$ref": "#/components/parameters/skip"}, {"$ref": "#/components/parameters/limit"},
            {"name": "before", "in": "query", "schema": {"type": "integer", "format": "int64"},
              "description": "`next` of the page before: stable while recordings are added."},
            {"name": "status", "in": "query", "schema": {"type": "string"}, "example": "pending,processing",
              "description": "States with commas between, or `all`; all but `rejected` unless given."},
            {"name": "q", "in": "query", "schema": {"type": "string"},
              "description": "Words of the transcript; \"…\" for a phrase, an ending * for a beginning."},
            {"name": "count", "in": "query", "schema": {"enum": ["all"]},
              "description": "Counts all that a search finds, also beyond 10,000: takes longer the more it is."},
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
            \##(failures(401, 422))}}},
        "/api/v1/audio/{id}": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "audio", "tags": ["audio"], "summary": "A recording",
            "responses": {
              "200": {"description": "The recording.",
                "headers": {"ETag": {"schema": {"type": "string"},
                  "description": "The revision of its words."}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              \##(failures(401, 404, 422))}},
          "put": {"operationId": "editAudio", "tags": ["audio"], "summary": "Changes the words",
            "parameters": [{"$ref": "#/components/parameters/ifMatch"}],
            "requestBody": {"required": true, "content": {"application/json":
              {"schema": {"$ref": "#/components/schemas/Edit"}}}},
            "responses": {
              "200": {"description": "As it is now.",
                "headers": {"ETag": {"schema": {"type": "string"},
                  "description": "The revision of its words."}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              \##(failures(401, 404, 409, 422))}},
          "delete": {"operationId": "deleteAudio", "tags": ["audio"],
            "summary": "Removes recording, audio and transcripts",
            "responses": {
              "200": {"description": "Removed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
              "202": {"description": "Removed for everybody; files that are out of reach now go when they are back.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
              \##(failures(401, 404, 409, 422))}}},
        \##(file("/api/v1/audio/{id}/file", id: "audioFile")),
        \##(file("/api/v1/audio/file/{id}", id: "audioFileOfSeed")),
        "/api/v1/audio/{id}/retry": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "post": {"operationId": "retryAudio", "tags": ["audio"], "summary": "Transcribes again",
            "responses": {
              "200": {"description": "It waits for its turn.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              \##(failures(401, 404, 409, 422))}}},
        "/api/v1/audio/{id}/sidecars": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "post": {"operationId": "putBackTexts", "tags": ["audio"],
            "summary": "Writes the texts beside it again that somebody removed",
            "responses": {
              "200": {"description": "They are there.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
              "202": {"description": "They cannot be written now; it is tried again by itself.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}}},
              \##(failures(401, 404, 409, 422))}}}
        """##

    private static let transcripts = ##"""
        "/api/v1/audio/{id}/transcript": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "transcript", "tags": ["audio"], "summary": "The words in a format",
            "parameters": [{"name": "format", "in": "query",
              "schema": {"enum": ["txt", "srt", "vtt", "json", "md"], "default": "txt"}}],
            "responses": {
              "200": {"description": "The latest revision.",
                "headers": {"ETag": {"schema": {"type": "string"}, "description": "The revision."}},
                "content": {"text/plain": {"schema": {"type": "string"}},
                  "application/x-subrip": {"schema": {"type": "string"}},
                  "text/vtt": {"schema": {"type": "string"}}, "text/markdown": {"schema": {"type": "string"}},
                  "application/json": {"schema": {"type": "object"}}}},
              \##(failures(401, 404, 409, 422))}}},
        "/api/v1/audio/{id}/revisions": {"parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {"operationId": "revisions", "tags": ["audio"],
            "summary": "All versions of the words, newest first",
            "parameters": [
              {"name": "before", "in": "query", "description": "The next of the page before.",
                "schema": {"type": "integer", "format": "int64"}},
              {"name": "limit", "in": "query",
                "description": "A page has fewer where the texts are long.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}],
            "responses": {
              "200": {"description": "The revisions.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RevisionList"}}}},
              \##(failures(401, 404, 422))}}},
        "/api/v1/audio/{id}/revisions/{revision}": {
          "parameters": [{"$ref": "#/components/parameters/id"},
            {"$ref": "#/components/parameters/revision"}],
          "get": {"operationId": "revision", "tags": ["audio"], "summary": "One version of the words",
            "responses": {
              "200": {"description": "The revision.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Revision"}}}},
              \##(failures(401, 404, 422))}}},
        "/api/v1/audio/{id}/revisions/{revision}/restore": {
          "parameters": [{"$ref": "#/components/parameters/id"},
            {"$ref": "#/components/parameters/revision"}],
          "post": {"operationId": "restoreRevision", "tags": ["audio"],
            "summary": "Makes a version the latest again",
            "parameters": [{"$ref": "#/components/parameters/ifMatch"}],
            "responses": {
              "200": {"description": "As it is now.",
                "headers": {"ETag": {"schema": {"type": "string"},
                  "description": "The revision of its words."}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recording"}}}},
              \##(failures(401, 404, 409, 422))}}}
        """##

    private static func metrics(_ path: String, id: String) -> String {
        ##"""
        "\##(path)": {"get": {"operationId": "\##(id)", "tags": ["service"],
          "summary": "Measurements for Prometheus; for admins",
          "responses": {
            "200": {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema":
              {"type": "string"}}}},
            \##(failures(401, 403))}}}
        """##
    }

    private static func document(_ path: String, id: String) -> String {
        ##"""
        "\##(path)": {"get": {"operationId": "\##(id)", "tags": ["service"], "security": [{}],
          "summary": "This document",
          "responses": {
            "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema":
              {"type": "object"}}}},
            \##(failures())}}}
        """##
    }

    /// The bytes, at the older path too.
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
              \##(failures(401, 404, 416, 422))}}}
        """##
    }

    /// References to the error responses of these statuses, and to the one of all others.
    private static func failures(_ statuses: Int...) -> String {
        let names = [
            400: "Refused", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
            416: "Invalid", 422: "Invalid", 429: "TooMany",
        ]
        let all = statuses.map { (String($0), names[$0] ?? "Error") } + [("default", "Error")]
        return all.map { ##""\##($0)": {"$ref": "#/components/responses/\##($1)"}"## }.joined(separator: ", ")
    }
}
