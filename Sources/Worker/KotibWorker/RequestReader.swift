import Glibc
import KotibPOSIX
import KotibWorkerProtocol

/// Reads the daemon's packets on a thread of its own, so that `cancel` and the end of the connection are
/// noticed in the middle of any work. The worker never outlives the connection.
struct RequestReader: Sendable {
    let socket: PacketSocket
    let mailbox: JobQueue

    /// - Throws: ``SystemError`` of pthread_create(3).
    func start() throws(SystemError) {
        var thread = pthread_t()
        let reader = Unmanaged.passRetained(Box(reader: self))
        let code = pthread_create(
            &thread, nil,
            { opaque in
                // `start` retained the box for this thread, which never ends.
                guard let opaque else { return nil }
                Unmanaged<Box>.fromOpaque(opaque).takeRetainedValue().reader.run()
            }, reader.toOpaque())
        if code != 0 {
            reader.release()
            throw SystemError(code: code, operation: "pthread_create")
        }
    }

    private final class Box: Sendable {
        let reader: RequestReader

        init(reader: RequestReader) {
            self.reader = reader
        }
    }

    private func run() -> Never {
        while true {
            do {
                guard let packet = try socket.receive() else { WorkerExit.done.leave() }
                try accept(WorkerCoding.decode(WorkerRequest.self, from: packet.bytes), packet.files)
            } catch let error as SystemError where error.code == ECONNRESET {
                WorkerExit.done.leave()
            } catch {
                WorkerLog.say("kotib-worker: what came over the socket is no request: \(error)")
                WorkerExit.protocol.leave()
            }
        }
    }

    private func accept(_ request: WorkerRequest, _ files: [OpenFile]) throws(ProtocolViolation) {
        switch request {
        case .inspect(let request): try put(.inspect(request), files)
        case .transcribe(let request): try put(.transcribe(request), files)
        case .encode(let request):
            guard files.count == 2 else {
                throw ProtocolViolation(description: "a request without its buffer")
            }
            try put(.encode(request, output: files[1]), files.dropLast())
        case .cancel(let number): mailbox.cancel(number)
        }
    }

    private func put(_ work: Job.Work, _ files: [OpenFile]) throws(ProtocolViolation) {
        guard let file = files.first, files.count == 1 else {
            throw ProtocolViolation(description: "a request without its file, or with others")
        }
        if !mailbox.put(Job(work, file)) {
            throw ProtocolViolation(description: "more than \(JobQueue.capacity) requests at once")
        }
    }
}

/// The daemon violates the protocol; a retry does not help.
struct ProtocolViolation: Error, CustomStringConvertible {
    var description: String
}
