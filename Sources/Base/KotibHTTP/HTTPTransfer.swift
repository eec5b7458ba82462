import CCurl
import Glibc
import KotibModel
import KotibPOSIX

/// One transfer: libcurl's easy handle, configured for a request; the response goes to the request's
/// exchange. Lives on one thread.
final class HTTPTransfer {
    let easy: UnsafeMutableRawPointer
    let order: HTTPTransferRequest
    private let message: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var mime: OpaquePointer?
    private var sent: Int64 = 0
    private var hasHead = false
    /// The time at which the transfer is given up unless the response's headers have arrived.
    private(set) var headDeadline: ContinuousClock.Instant?
    /// The reason why a callback ended the transfer, which libcurl's code does not carry.
    private var cause: HTTPError?

    /// - Throws: ``HTTPError/invalid(_:)``.
    init(_ order: HTTPTransferRequest, settings: HTTPClient.Settings) throws(HTTPError) {
        guard let easy = curl_easy_init() else { throw .invalid("no memory for a request") }
        self.easy = easy
        self.order = order
        headDeadline = order.request.limits.head.map { ContinuousClock.now + $0 }
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try setConnection(settings)
        try setLimits(order.request.limits)
        try setHeaders(order.request.headers)
        try setBody(order.request.body)
        if let method = order.request.method {
            try check(kotib_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue))
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(kotib_curl_set_header(easy, Self.receiveHeader, context))
        try check(kotib_curl_set_write(easy, Self.receive, context))
        try check(kotib_curl_set_progress(easy, Self.progress, context))
        try check(
            kotib_curl_set_pointer(
                easy, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: UInt(order.exchange.number))))
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_mime_free(mime)
        curl_slist_free_all(headers)
        message.deallocate()
    }

    /// The order's number, which the handle carries.
    static func number(of easy: UnsafeMutableRawPointer?) -> UInt64? {
        var value: UnsafeMutableRawPointer?
        guard let easy, kotib_curl_get_pointer(easy, CURLINFO_PRIVATE, &value) == CURLE_OK else { return nil }
        return value.map { UInt64(UInt(bitPattern: $0)) }
    }

    /// The result of a transfer that libcurl has ended with `code`.
    func result(_ code: CURLcode) -> Result<Void, HTTPError> {
        if let cause { return .failure(cause) }
        guard code == CURLE_OK else {
            return .failure(HTTPError(code, detail: detail(code), wasConnected: wasConnected))
        }
        return hasHead ? .success(()) : .failure(.broken("the connection ended within the headers"))
    }

    /// Resumes after a pause: hands over the bytes that were kept back.
    func resume() {
        curl_easy_pause(easy, 0)
    }

    /// Ends the transfer from within a callback.
    func abort(_ error: HTTPError) {
        if cause == nil { cause = error }
    }

    func check(_ code: CURLcode) throws(HTTPError) {
        if code != CURLE_OK { throw .invalid(detail(code)) }
    }
}

// MARK: What libcurl is given

extension HTTPTransfer {
    private func setConnection(_ settings: HTTPClient.Settings) throws(HTTPError) {
        let protocols = "http,https"
        let strings: [(CURLoption, String?)] = [
            (CURLOPT_URL, order.request.url),
            (CURLOPT_UNIX_SOCKET_PATH, order.request.unixSocket),
            (CURLOPT_PROTOCOLS_STR, protocols),
            (CURLOPT_REDIR_PROTOCOLS_STR, protocols),
            (CURLOPT_USERAGENT, settings.userAgent),
            // Empty, not null: null would mean the environment's.
            (CURLOPT_PROXY, ""),
            (CURLOPT_CAINFO, settings.certificateAuthorities),
        ]
        for case (let option, let value?) in strings {
            guard !value.utf8.contains(0) else { throw .invalid("a NUL byte in a setting of the request") }
            try check(kotib_curl_set_string(easy, option, value))
        }
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_FRESH_CONNECT, order.request.isRepeatable ? 0 : 1),
            (CURLOPT_SSL_VERIFYPEER, 1),
            (CURLOPT_SSL_VERIFYHOST, 2),
            (CURLOPT_NOSIGNAL, 1),
            // A server that thinks for minutes must not be lost to a router's table of connections.
            (CURLOPT_TCP_KEEPALIVE, 1),
        ]
        for (option, value) in numbers { try check(kotib_curl_set_long(easy, option, value)) }
        try check(kotib_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, message))
    }

    private func setLimits(_ limits: HTTPLimits) throws(HTTPError) {
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_CONNECTTIMEOUT_MS, limits.connect.wholeMilliseconds),
            // 0 is never.
            (CURLOPT_TIMEOUT_MS, limits.total?.wholeMilliseconds ?? 0),
            (CURLOPT_LOW_SPEED_LIMIT, HTTPLimits.slowest),
            (CURLOPT_LOW_SPEED_TIME, limits.stall.map { max(1, $0.wholeMilliseconds / 1000) } ?? 0),
        ]
        for (option, value) in numbers { try check(kotib_curl_set_long(easy, option, value)) }
    }

    private func setHeaders(_ list: [(name: String, value: String)]) throws(HTTPError) {
        for (name, value) in list { try addHeader(name, value) }
    }

    private func addHeader(_ name: String, _ value: String) throws(HTTPError) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .invalid("the header \(ByteText.escaped(name.utf8)) is not one line of text") }
        // "Name:" would take the header out (CURLOPT_HTTPHEADER(3)).
        let line = value.isEmpty ? "\(name);" : "\(name): \(value)"
        guard let longer = curl_slist_append(headers, line) else { throw .invalid("no memory for a header") }
        headers = longer
        try check(kotib_curl_set_headers(easy, headers))
    }

    private func setBody(_ body: HTTPRequest.Body) throws(HTTPError) {
        switch body {
        case .none:
            try check(kotib_curl_set_long(easy, CURLOPT_HTTPGET, 1))
        case .bytes(let bytes, let contentType):
            try addHeader("Content-Type", contentType)
            try check(kotib_curl_set_long(easy, CURLOPT_POST, 1))
            try check(kotib_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
            let code = bytes.withUnsafeBytes {
                // libcurl copies, and does not write to, what the pointer shows.
                kotib_curl_set_pointer(
                    easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: $0.baseAddress))
            }
            try check(code)
        case .multipart(let parts):
            mime = curl_mime_init(easy)
            for part in parts { try addPart(part, to: mime) }
            try check(kotib_curl_set_mime(easy, mime))
        }
    }
}

// MARK: What libcurl brings

extension HTTPTransfer {
    /// One line of the headers with its end; the line that closes them is empty. Interim answers (1xx) have
    /// theirs before, trailers come without one.
    private static let receiveHeader: kotib_curl_write = { bytes, _, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
        let isEnd = bytes[0] == CChar(UInt8(ascii: "\r")) || bytes[0] == CChar(UInt8(ascii: "\n"))
        if count <= 2, isEnd { transfer.headersEnd() }
        return count
    }

    private func headersEnd() {
        var status = 0
        kotib_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        guard !hasHead, status >= 200 else { return }
        hasHead = true
        headDeadline = nil
        let headers = receivedHeaders
        order.exchange.receive(
            HTTPResponse(status: status, headers: headers, body: [], isDelimited: isDelimited(headers)))
    }

    private static let receive: kotib_curl_write = { bytes, _, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
        let isTaken = transfer.order.exchange.receive(UnsafeRawBufferPointer(start: bytes, count: count))
        return isTaken ? count : Int(CURL_WRITEFUNC_PAUSE)
    }

    private static let progress: kotib_curl_progress = { context, _, _, total, sent in
        guard let context else { return 0 }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
        if sent > transfer.sent {
            transfer.sent = Int64(sent)
            transfer.order.progress?(Int64(sent), Int64(max(total, sent)))
        }
        return 0
    }

    private var receivedHeaders: [(name: String, value: String)] {
        var list: [(name: String, value: String)] = []
        var last: UnsafeMutablePointer<curl_header>?
        while let header = curl_easy_nextheader(easy, UInt32(CURLH_HEADER), -1, last) {
            list.append((String(cString: header.pointee.name), String(cString: header.pointee.value)))
            last = header
        }
        return list
    }

    private func isDelimited(_ headers: [(name: String, value: String)]) -> Bool {
        var version = 0
        kotib_curl_get_long(easy, CURLINFO_HTTP_VERSION, &version)
        return version >= CURL_HTTP_VERSION_2_0
            || headers.contains { ["content-length", "transfer-encoding"].contains($0.name.lowercased()) }
    }

    /// Whether the request could be sent: the connection was made, TLS included.
    private var wasConnected: Bool {
        var microseconds: curl_off_t = 0
        kotib_curl_get_size(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    private func detail(_ code: CURLcode) -> String {
        let detail = String(cString: message)
        return ByteText.escaped((detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail).utf8)
    }
}

extension Duration {
    /// At least 1, because libcurl takes 0 for "no limit".
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return .max / 2 }
        return max(1, Int(product + attoseconds / 1_000_000_000_000_000))
    }
}

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
