import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// The worker's standard input.
private let daemon = PacketSocket(owning: 0)

func log(_ text: String) {
    let line = Array((text + "\n").utf8)
    write(2, line, line.count)
}

func reply(_ reply: WorkerReply) throws {
    try send(WorkerCoding.encode(reply))
}

func send(_ bytes: [UInt8]) throws {
    try daemon.send(bytes)
}

func nextRequest() throws -> (WorkerRequest, [OpenFile])? {
    guard let packet = try daemon.receive() else { return nil }
    return (try WorkerCoding.decode(WorkerRequest.self, from: packet.bytes), packet.files)
}

func die(of signal: Int32) -> Never {
    Glibc.signal(signal, SIG_DFL)
    kill(getpid(), signal)
    hang()
}

/// The state of the file that `loads=PATH` names, as if it had been loaded as a model.
func modelFile() -> FileIdentity? {
    guard let argument = CommandLine.arguments.first(where: { $0.hasPrefix("loads=") }) else { return nil }
    let descriptor = open(String(argument.dropFirst("loads=".count)), O_RDONLY)
    return try? FileStatus(of: OpenFile(owning: descriptor)).identity
}

func hang() -> Never {
    while true { pause() }
}
