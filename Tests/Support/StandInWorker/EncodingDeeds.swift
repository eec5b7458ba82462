import Glibc
import KotibPOSIX
import KotibWorkerProtocol

/// Answers an encoding: with bytes in the buffer, or a lie about them.
func encoded(_ request: EncodeRequest, _ buffer: OpenFile?, _ deed: String) throws {
    guard let buffer else { return try fail(request, "no buffer") }
    let size: Int64 = 4096
    let text = Array("OggS \(deed) \(request.codec.rawValue) \(request.bitRate)".utf8)
    let written = pwrite(buffer.descriptor, text, text.count, 0)
    if written != text.count { return try fail(request, "the buffer cannot be written: \(errno)") }
    try reply(.progress(request: request.request, fraction: 0.5))
    switch deed {
    case "too-large-for-24k" where request.bitRate >= 24_000:
        try reply(.outgrown(request: request.request, duration: 60))
    case "too-large": try reply(.outgrown(request: request.request, duration: 819))
    case "lies-about-size": try finish(request, size: request.capacity + 1)
    case "says-nothing-was-written": try finish(request, size: 0)
    case "two-voices": try finish(request, size: size, duration: 26, parts: 2)
    case "plain": try finish(request, size: size, isPlain: true)
    case "says-no-voice": try finish(request, size: size, parts: 0)
    case "lies-about-voices": try finish(request, size: size, parts: .max)
    case "cuts-the-buffer":
        // The kernel's answer to it is written into the file.
        let cut = Array(" cut: \(ftruncate(buffer.descriptor, 0) == 0 ? 0 : errno)".utf8)
        pwrite(buffer.descriptor, cut, cut.count, off_t(text.count))
        try finish(request, size: size)
    default: try finish(request, size: size)
    }
}

private func finish(
    _ request: EncodeRequest, size: Int64, duration: Double = 1, parts: Int = 1, isPlain: Bool = false
) throws {
    try reply(
        .encoded(
            request: request.request,
            summary: EncodingSummary(size: size, duration: duration, parts: parts, isPlain: isPlain)))
}

private func fail(_ request: EncodeRequest, _ reason: String) throws {
    try reply(.failed(request: request.request, reason: reason))
}
