// KotibHTTP: requests over HTTP by libcurl, for engines, messages to phones, hooks and the daemon's own
// clients.

import CCurl
import Glibc
import KotibPOSIX

/// Requests over HTTP by libcurl's multi interface: any number of transfers on one thread of its own.
///
/// TLS is verified, redirects are not followed, only `http` and `https` are spoken (HTTP/2 where TLS offers
/// it), and nothing of the environment matters: no proxy variables, no .netrc, no cookies. libcurl looks
/// names up on a short-lived thread of its own and keeps them for 60 s (CURLOPT_DNS_CACHE_TIMEOUT).
///
/// Files are read on the thread while they are sent; a disk that hangs holds up all transfers.
public final class HTTPClient: Sendable {
    public struct Settings: Hashable, Sendable {
        /// The User-Agent: `kotib/1.0`.
        var userAgent: String
        /// A file of certificates in PEM form, for servers of one's own; nil for the system's.
        var certificateAuthorities: String?
        /// The thread's name, of which Linux keeps 15 bytes (proc(5), comm).
        var threadName: String

        public init(
            userAgent: String, certificateAuthorities: String? = nil, threadName: String = "kotib-http"
        ) {
            self.userAgent = userAgent
            self.certificateAuthorities = certificateAuthorities
            self.threadName = threadName
        }
    }

    private let mailbox: HTTPCommandQueue

    /// Starts the thread.
    /// - Throws: ``SystemError`` where there is no memory or no thread left.
    public init(_ settings: Settings) throws(SystemError) {
        // Safe from several threads at once since 7.84 (curl_global_init(3)), and counted.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw SystemError(code: ENOMEM, operation: "curl_multi_init")
        }
        let handle = HTTPMultiHandle(pointer: multi)
        mailbox = HTTPCommandQueue(multi: handle)
        do throws(SystemError) {
            try HTTPThread(settings: settings, multi: handle, mailbox: mailbox).start()
        } catch {
            curl_multi_cleanup(multi)
            throw error
        }
    }

    deinit {
        mailbox.close()
    }

    /// Sends a request and waits for the whole answer, whatever its status.
    ///
    /// A cancelled task ends its transfer at once: when this returns, the file is no longer read and
    /// `progress` no longer called.
    /// - Parameter progress: bytes of the body sent, and of all of it; rising, called on the thread of the
    ///   transfers, so it must be quick.
    /// - Throws: ``HTTPError/tooLarge(limit:)`` where the answer is longer than the request's limit.
    public func perform(
        _ request: HTTPRequest, progress: (@Sendable (Int64, Int64) -> Void)? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        let exchange = try start(request, progress)
        do throws(HTTPError) {
            var response = try await exchange.head()
            response.body = try await HTTPResponseStream(head: response, exchange: exchange)
                .collect(upTo: request.limits.answer)
            return response
        } catch {
            await exchange.close()
            throw error
        }
    }

    /// Sends a request and hands the answer, whatever its status, to `read` as soon as its headers have come.
    ///
    /// When this returns, the transfer has ended: `read` need not read to the end. A cancelled task ends it,
    /// too.
    /// - Parameter progress: as in ``perform(_:progress:)``.
    /// - Throws: ``HTTPError`` where there is no answer, and what `read` throws.
    public func stream<Value>(
        _ request: HTTPRequest, progress: (@Sendable (Int64, Int64) -> Void)? = nil,
        read: (HTTPResponseStream) async throws -> Value
    ) async throws -> Value {
        let exchange = try start(request, progress)
        do {
            let head = try await exchange.head()
            let value = try await read(HTTPResponseStream(head: head, exchange: exchange))
            await exchange.close()
            return value
        } catch {
            await exchange.close()
            throw error
        }
    }

    private func start(
        _ request: HTTPRequest, _ progress: (@Sendable (Int64, Int64) -> Void)?
    ) throws(HTTPError) -> HTTPExchange {
        // Between the order and its cancellation, the thread might already have sent something.
        if Task.isCancelled { throw .cancelled }
        let exchange = HTTPExchange(mailbox)
        mailbox.post(HTTPTransferRequest(request: request, progress: progress, exchange: exchange))
        return exchange
    }

    /// Ends all transfers with ``HTTPError/closed``; returns when the thread has ended and every connection
    /// is closed. Later requests fail the same way.
    func shutdown() async {
        mailbox.close()
        await mailbox.end()
    }
}

/// The reason why there is no response. The texts are for people and logs; none holds a header or a body of
/// the request.
public enum HTTPError: Error, Hashable, Sendable {
    /// The request cannot be sent as it is: its URL or a header. No retry helps.
    case invalid(String)
    /// No connection: the name, the network, TLS. The server has seen nothing of the request; retry later.
    case unreachable(String)
    /// A timeout after the connection was made. The server may have handled the request; retry later.
    case timedOut(String)
    /// The connection broke, or the response is not HTTP. The server may have handled the request; retry
    /// later.
    case broken(String)
    /// The answer is longer than ``HTTPLimits/answer`` bytes.
    case tooLarge(limit: Int)
    /// The file to be sent cannot be read to the size that was given.
    case unreadableFile(String)
    /// The task was cancelled.
    case cancelled
    /// ``HTTPClient/shutdown()`` was called.
    case closed
}

extension HTTPError {
    /// - Parameter wasConnected: whether the connection, TLS included, had been made when it failed.
    init(_ code: CURLcode, detail: String, wasConnected: Bool) {
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
            self = .invalid(detail)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR,
            CURLE_PROXY:
            self = .unreachable(detail)
        case CURLE_OPERATION_TIMEDOUT:
            self = wasConnected ? .timedOut(detail) : .unreachable(detail)
        default:
            self = .broken(detail)
        }
    }
}
