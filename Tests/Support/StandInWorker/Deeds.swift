import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Answers an inspection: a code of facts in which `detail` stands where the codec would, its bytes in
/// hexadecimal.
func inspected(_ request: InspectRequest, _ detail: String) throws {
    let digits = detail.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let facts = AudioFacts(
        mediaType: "audio/x-wav", container: "wav", codec: "_" + digits, duration: 1, channels: 1,
        sampleRate: 16_000, sha256: [UInt8](repeating: 7, count: 32))
    try reply(.inspected(request: request.request, facts: facts))
}

func transcribed(_ request: TranscribeRequest, speech detail: String) throws {
    if detail != "silent" {
        try reply(.progress(request: request.request, fraction: 0.5))
        try say(request.request, 0, 1, "  Hello there. ")
        try say(request.request, 1.5, 2, "General.\u{1B}")
        try reply(.progress(request: request.request, fraction: 1))
        try say(request.request, 5, 6, "A new paragraph.")
    }
    let spoken = detail == "silent" ? 0 : 2.5
    try reply(
        .transcribed(
            request: request.request,
            summary: TranscriptionSummary(
                language: detail == "silent" ? nil : "en", duration: 6, speech: spoken, processorTime: 0.1)))
}

func say(_ request: UInt64, _ start: Double, _ end: Double, _ text: String) throws {
    try reply(.segment(request: request, segment: TranscriptSegment(start: start, end: end, text: text)))
}

/// Does what `deed` says, or lets `answer` answer.
func serve(
    _ id: UInt64, does deed: String, _ file: OpenFile?, answer: (String) throws -> Void
) throws {
    switch deed {
    case "crash":
        log("about to crash")
        die(of: SIGSEGV)
    case "crash-once": try crashOnce(file, answer)
    case "exit": exit(9)
    case "exit-midway":
        try reply(.progress(request: id, fraction: 0.3))
        exit(1)
    case "hang": hang()
    case "hang-deaf":
        Glibc.signal(SIGTERM, SIG_IGN)
        hang()
    case "trickle": try trickle(id, times: 10, answer)
    case "trickle-on": try trickle(id, times: 500, answer)
    case "rubbish": try send(Array("{\"nonsense\":".utf8))
    case "oversize": try send([UInt8](repeating: 32, count: PacketSocket.longestPacket + 1))
    case "say-content":
        // The file holds what is said; REQ stands for the request's number.
        let said = file.map { contents(of: "/proc/self/fd/\($0.descriptor)") } ?? ""
        try send(Array(said.replacing("REQ", with: "\(id)").utf8))
    case "wrong-request": try reply(.progress(request: id + 7, fraction: 0))
    case "wrong-kind": try reply(.failed(request: id, reason: "cannot be"))
    case "wrong-kind-of-answer": try reply(.refused(request: id, rejection: .empty))
    case "refuse": try reply(.refused(request: id, rejection: .incomplete))
    case "fail": try reply(.failed(request: id, reason: "no decoder"))
    case "until-cancelled": try waitForCancel(id)
    case "hang-up":
        close(0)
        hang()
    case "memory": exhaustMemory()
    case "stream": try stream(id, answer)
    case "flood": try flood(id)
    case "shout": try shout(answer)
    default: try answer(detail(deed, file))
    }
}

/// Facts about this process for a test.
func detail(_ deed: String, _ file: OpenFile?) -> String {
    switch deed {
    case "pid": String(getpid())
    case "environment": contents(of: "/proc/self/environ")
    case "descriptors": descriptors()
    case "content": file.map { contents(of: "/proc/self/fd/\($0.descriptor)") } ?? "no file"
    default: deed
    }
}

/// Leaves a mark in the file, so that the next process knows that it is not the first.
func crashOnce(_ file: OpenFile?, _ answer: (String) throws -> Void) throws {
    var mark: UInt8 = 1
    guard let file, pread(file.descriptor, &mark, 1, 0) == 0 else { return try answer("second try") }
    pwrite(file.descriptor, &mark, 1, 0)
    die(of: SIGABRT)
}

func trickle(_ id: UInt64, times: Int, _ answer: (String) throws -> Void) throws {
    for time in 1...times {
        usleep(40_000)
        try reply(.progress(request: id, fraction: Double(time) / Double(times)))
    }
    try answer("trickled")
}

func waitForCancel(_ id: UInt64) throws {
    try reply(.progress(request: id, fraction: 0))
    while let (request, _) = try nextRequest() {
        if request == .cancel(request: id) { return try reply(.cancelled(request: id)) }
    }
}

/// Takes memory until a limit of its own is reached, as the real worker's is.
func exhaustMemory() -> Never {
    var limit = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    while malloc(16 << 20) != nil {}
    log("out of memory")
    die(of: SIGABRT)
}

func stream(_ id: UInt64, _ answer: (String) throws -> Void) throws {
    for number in 0..<5_000 { try say(id, Double(number), Double(number) + 0.5, "word \(number)") }
    try answer("silent")
}

/// More text than any recording holds.
func flood(_ id: UInt64) throws {
    let text = String(repeating: "a", count: 60_000)
    for number in 0..<300 { try say(id, Double(number), Double(number) + 1, text) }
    try transcribed(
        TranscribeRequest(request: id, container: "", language: nil, longestDuration: 0), speech: "silent")
}

func shout(_ answer: (String) throws -> Void) throws {
    for number in 0..<5_000 { log("line \(number) " + String(repeating: "!", count: 1_000)) }
    try answer("shouted")
}

func contents(of path: String) -> String {
    let descriptor = open(path, O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    close(descriptor)
    guard count > 0 else { return "" }
    return String(decoding: bytes[..<count].map { $0 == 0 ? UInt8(ascii: "\n") : $0 }, as: UTF8.self)
}

/// The numbers of the open descriptors.
func descriptors() -> String {
    (0..<1024).filter { fcntl($0, F_GETFD) != -1 }.map { String($0) }.joined(separator: ",")
}
