// KotibHTTP: requests over HTTP by libcurl, for engines, messages to phones and hooks.

import CCurl
import Glibc
import KotibPOSIX

/// Requests over HTTP by libcurl's multi interface: any number of transfers on one thread of its own.
///
/// TLS is verified, redirects are not followed, only `http` and `https` are spoken (HTTP/2 where TLS offers it),
/// and nothing of the environment matters: no proxy variables, no .netrc, no cookies. libcurl looks names up on
/// a short-lived thread of its own and keeps them for 60 s (CURLOPT_DNS_CACHE_TIMEOUT).
///
/// Files are read on the thread while they are sent; a disk that hangs holds up all transfers.
public final class HTTPTransfers: Sendable {
    public struct Settings: Hashable, Sendable {
        /// What the server is told: `kotib/1.0`.
        public var userAgent: String
        /// A file of certificates in PEM form, for servers of one's own; nil for the system's.
        public var certificateAuthorities: String?
        /// The URL of a proxy for everything; nil for none.
        public var proxy: String?
        /// The thread's name, of which Linux keeps 15 bytes (proc(5), comm).
        public var threadName: String

        public init(
            userAgent: String, certificateAuthorities: String? = nil, proxy: String? = nil,
            threadName: String = "kotib-http"
        ) {
            self.userAgent = userAgent
            self.certificateAuthorities = certificateAuthorities
            self.proxy = proxy
            self.threadName = threadName
        }
    }

    private let mailbox: HTTPMailbox

    /// Starts the thread.
    /// - Throws: ``SystemError`` where there is no memory or no thread left.
    public init(_ settings: Settings) throws(SystemError) {
        // Safe from several threads at once since 7.84 (curl_global_init(3)), and counted.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw SystemError(code: ENOMEM, operation: "curl_multi_init")
        }
        let handle = HTTPMultiHandle(pointer: multi)
        mailbox = HTTPMailbox(multi: handle)
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
    /// A cancelled task ends its transfer at once: when this returns, the file is no longer read and `progress`
    /// no longer called.
    /// - Parameter progress: bytes of the body sent, and of all of it; rising, called on the thread of the
    ///   transfers, so it must be quick.
    public func perform(
        _ request: HTTPRequest, progress: (@Sendable (Int64, Int64) -> Void)? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        // Between the order and its cancellation below, the thread might already have sent something.
        if Task.isCancelled { throw .cancelled }
        let number = mailbox.nextNumber()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                mailbox.post(HTTPOrder(number: number, request: request, progress: progress, answer: answer))
                // The handler may have run before the order was there to be cancelled.
                if Task.isCancelled { mailbox.cancel(number) }
            }
        } onCancel: {
            mailbox.cancel(number)
        }
        return try result.get()
    }

    /// Ends all transfers with ``HTTPError/closed``; returns when the thread has ended and every connection is
    /// closed. Later requests fail the same way.
    public func shutdown() async {
        mailbox.close()
        await mailbox.end()
    }
}
