import HummingbirdCore
import KotibLibrary
import KotibModel
import NIOCore

/// Why the form of an upload is refused.
enum UploadFormError: Error, Hashable, Sendable {
    /// No field `file`, or two of them, or one that is no file.
    case noFile
    case emptyName
    /// The body ends before the form does.
    case incomplete
    case tooLarge
}

/// An upload's form on its way into the inbox, chunk by chunk, whatever its size.
struct UploadForm {
    private var parser: MultipartParser
    private let owner: UserID
    private let size: Int64
    private let uploads: UploadService
    private var upload: Upload?
    /// Whether the current part is the file.
    private var isFile = false
    /// As the client calls it.
    private(set) var fileName = ""

    /// - Parameter size: the minimum size of the file in bytes.
    init(parser: MultipartParser, owner: UserID, atLeast size: Int64, uploads: UploadService) {
        self.parser = parser
        self.owner = owner
        self.size = size
        self.uploads = uploads
    }

    /// - Throws: ``UploadFormError``; ``MultipartParser/Failure``; ``Rejection``; what ``Upload`` throws.
    mutating func receive(_ body: RequestBody, upTo limit: Int) async throws -> RecordingID {
        var size = 0
        for try await piece in body {
            size += piece.readableBytes
            guard size <= limit else { throw UploadFormError.tooLarge }
            for event in try parser.consume(Array(piece.readableBytesView)) { try await handle(event) }
        }
        guard parser.isEnded else { throw UploadFormError.incomplete }
        guard let upload else { throw UploadFormError.noFile }
        switch try await upload.finish() {
        case .accepted(let id): return id
        case .refused(let rejection): throw rejection
        }
    }

    /// Removes everything of an unfinished upload.
    func cancel() async {
        await upload?.cancel()
    }

    private mutating func handle(_ event: MultipartParser.Event) async throws {
        switch event {
        case .part(let headers): try await begin(headers)
        case .content(let bytes): if isFile { try await upload?.write(bytes) }
        case .endOfPart: isFile = false
        case .end: break
        }
    }

    /// Fields other than the file are tolerated and ignored.
    private mutating func begin(_ headers: MultipartHeaders) async throws {
        guard headers.name == "file" else { return }
        guard upload == nil, let name = headers.fileName else { throw UploadFormError.noFile }
        guard !name.isEmpty else { throw UploadFormError.emptyName }
        fileName = name
        upload = try await uploads.upload(name, to: owner, atLeast: size)
        isFile = true
    }
}
