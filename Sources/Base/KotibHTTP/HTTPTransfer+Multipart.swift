import CCurl
import Glibc
import KotibModel
import KotibPOSIX

extension HTTPTransfer {
    /// - Throws: ``HTTPError/invalid(_:)``.
    func addPart(_ part: HTTPPart, to mime: OpaquePointer?) throws(HTTPError) {
        guard let mime, let slot = curl_mime_addpart(mime) else { throw .invalid("no memory for a part") }
        try check(curl_mime_name(slot, part.name))
        switch part.content {
        case .text(let text):
            let bytes = Array(text.utf8)
            let code = bytes.withUnsafeBytes {
                curl_mime_data(slot, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
            try check(code)
        case .file(let file, let size, let fileName, let contentType):
            try check(curl_mime_filename(slot, fileName))
            try check(curl_mime_type(slot, contentType))
            // Freed by libcurl with the part. It points back at the transfer, which outlives its parts.
            let source = Unmanaged.passRetained(HTTPFileSource(file, size: size, transfer: self))
            let code = curl_mime_data_cb(
                slot, curl_off_t(size), HTTPFileSource.read, HTTPFileSource.seek, HTTPFileSource.free,
                source.toOpaque())
            if code != CURLE_OK { source.release() }
            try check(code)
        }
    }
}

/// Hands a file's bytes to libcurl, a buffer at a time.
private final class HTTPFileSource {
    private let file: OpenFile
    private let size: Int64
    private var offset: Int64 = 0
    private unowned let transfer: HTTPTransfer

    init(_ file: OpenFile, size: Int64, transfer: HTTPTransfer) {
        self.file = file
        self.size = size
        self.transfer = transfer
    }

    static let read: curl_read_callback = { buffer, _, capacity, context in
        guard let buffer, let source = source(context) else { return Int(CURL_READFUNC_ABORT) }
        let count = Int(min(Int64(capacity), source.size - source.offset))
        guard count > 0 else { return 0 }
        do throws(SystemError) {
            let read = try SystemError.check("pread") {
                pread(source.file.descriptor, buffer, count, off_t(source.offset))
            }
            guard read > 0 else {
                source.transfer.abort(.unreadableFile("the file has become shorter"))
                return Int(CURL_READFUNC_ABORT)
            }
            source.offset += Int64(read)
            return read
        } catch {
            source.transfer.abort(.unreadableFile(error.description))
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// libcurl goes back when it has to send again, as over a kept connection that the server had closed.
    static let seek: curl_seek_callback = { context, offset, origin in
        guard let source = source(context), origin == SEEK_SET, (0...source.size).contains(Int64(offset))
        else { return CURL_SEEKFUNC_FAIL }
        source.offset = Int64(offset)
        return CURL_SEEKFUNC_OK
    }

    static let free: curl_free_callback = { context in
        if let context { Unmanaged<HTTPFileSource>.fromOpaque(context).release() }
    }

    private static func source(_ context: UnsafeMutableRawPointer?) -> HTTPFileSource? {
        context.map { Unmanaged<HTTPFileSource>.fromOpaque($0).takeUnretainedValue() }
    }
}
