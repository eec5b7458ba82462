import CCurl
import Glibc
import KotibPOSIX
import Synchronization

/// The thread on which all transfers of one ``HTTPClient`` run.
struct HTTPThread: Sendable {
    let settings: HTTPClient.Settings
    let multi: HTTPMultiHandle
    let mailbox: HTTPCommandQueue

    /// Idle connections kept for the next request.
    private static let keptConnections = 8

    private final class Start: Sendable {
        let thread: HTTPThread
        init(_ thread: HTTPThread) { self.thread = thread }
    }

    /// - Throws: ``SystemError`` of pthread_create(3).
    func start() throws(SystemError) {
        let context = Unmanaged.passRetained(Start(self))
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Start>.fromOpaque(context).takeRetainedValue().thread.run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError(code: code, operation: "pthread_create")
        }
    }

    private func run() {
        // The process's signals are for other threads, and OpenSSL's writes may raise SIGPIPE here.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        setName()
        var loop = HTTPEventLoop(settings: settings, multi: multi.pointer)
        kotib_curl_multi_set_long(multi.pointer, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        while !loop.receive(mailbox.takeCommands()) { loop.turn() }
        loop.endAll(.closed)
        mailbox.threadEnded()
        curl_multi_cleanup(multi.pointer)
    }
}

extension HTTPThread {
    /// For ps(1) and top(1); the way of proc(5), as glibc's call is not in Swift's module.
    private func setName() {
        let comm = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard comm >= 0 else { return }
        let name = Array(settings.threadName.utf8)
        _ = write(comm, name, name.count)
        close(comm)
    }
}

/// The transfers under way. Lives on one thread.
private struct HTTPEventLoop {
    let settings: HTTPClient.Settings
    let multi: UnsafeMutableRawPointer
    private var transfers: [UInt64: HTTPTransfer] = [:]

    /// Milliseconds: the longest wait without an event. libcurl's own timers and curl_multi_wakeup(3) end the
    /// wait sooner.
    private static let longestWait: Int32 = 60_000

    init(settings: HTTPClient.Settings, multi: UnsafeMutableRawPointer) {
        self.settings = settings
        self.multi = multi
    }

    /// - Returns: whether these were the last commands.
    mutating func receive(_ mail: HTTPCommandQueue.Commands) -> Bool {
        for order in mail.orders { start(order) }
        for number in mail.cancelled { end(number, .cancelled) }
        for number in mail.resumed { transfers[number]?.resume() }
        return mail.isClosed
    }

    private mutating func start(_ order: HTTPTransferRequest) {
        do throws(HTTPError) {
            let transfer = try HTTPTransfer(order, settings: settings)
            guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
                throw .invalid("libcurl does not take the request")
            }
            transfers[order.exchange.number] = transfer
        } catch {
            order.exchange.end(.failure(error))
        }
    }

    /// Ends a running transfer. Does nothing if it has ended already.
    private mutating func end(_ number: UInt64, _ error: HTTPError) {
        finish(number) { _ in .failure(error) }
    }

    mutating func endAll(_ error: HTTPError) {
        for number in transfers.keys { end(number, error) }
    }

    /// Advances all transfers, reports those that have ended, and waits for the next event.
    mutating func turn() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE,
                let number = HTTPTransfer.number(of: message.pointee.easy_handle)
            else { continue }
            let code = message.pointee.data.result
            finish(number) { $0.result(code) }
        }
        curl_multi_poll(multi, nil, 0, endOverdue(), nil)
    }

    /// Ends the transfers whose servers have not answered in time. Returns the milliseconds to the next such
    /// end.
    private mutating func endOverdue() -> Int32 {
        let now = ContinuousClock.now
        var wait = Duration.milliseconds(Self.longestWait)
        for (number, transfer) in transfers {
            guard let deadline = transfer.headDeadline else { continue }
            if deadline <= now {
                end(number, .timedOut("no answer within \(transfer.order.request.limits.head ?? .zero)"))
            } else {
                wait = min(wait, deadline - now)
            }
        }
        return Int32(wait.wholeMilliseconds)
    }

    private mutating func finish(
        _ number: UInt64, with result: (HTTPTransfer) -> Result<Void, HTTPError>
    ) {
        guard let (exchange, result) = remove(number, with: result) else { return }
        exchange.end(result)
    }

    /// Releases the transfer and its file before the caller learns of the end.
    private mutating func remove(
        _ number: UInt64, with result: (HTTPTransfer) -> Result<Void, HTTPError>
    ) -> (HTTPExchange, Result<Void, HTTPError>)? {
        guard let transfer = transfers.removeValue(forKey: number) else { return nil }
        let result = result(transfer)
        curl_multi_remove_handle(multi, transfer.easy)
        return (transfer.order.exchange, result)
    }
}
