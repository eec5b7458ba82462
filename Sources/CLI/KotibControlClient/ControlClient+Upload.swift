import KotibControlProtocol
import KotibHTTP
import KotibPOSIX

extension ControlClient {
    /// Covers the upload, also from a slow disk, and the inspection by the daemon.
    static let uploadTimeout: Duration = .seconds(600)

    /// Sends the first `size` bytes of a file as `multipart/form-data`, from disk piece by piece.
    /// - Parameters:
    ///   - path: for the error where the file cannot be read.
    ///   - sent: is told the bytes of the file sent so far.
    public func upload(
        _ path: String, named name: String, file: OpenFile, size: Int64, user: String?,
        sent: @escaping @Sendable (Int64) -> Void
    ) async throws -> Answer<AudioRecordBody> {
        let content = HTTPPart.Content.file(
            file, size: size, fileName: name, contentType: "application/octet-stream")
        do {
            return try await send(
                .post, "audio/upload", query: user.map { [("user", $0)] } ?? [],
                body: .multipart([HTTPPart(name: "file", content: content)]),
                responseTimeout: Self.uploadTimeout,
                progress: { done, all in
                    // The bytes that the form adds to the file count as sent first.
                    sent(min(size, max(0, done - max(0, all - size))))
                }, read: decode)
        } catch ControlError.unreadableFile {
            throw ControlError.unreadableFile(path)
        }
    }
}
