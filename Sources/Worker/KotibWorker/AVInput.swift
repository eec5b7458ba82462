import CAV

/// libav's custom I/O over a ``ByteSource``: a demuxer gets no bytes by any other way.
final class AVInput {
    let source: any ByteSource
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let budget: ProcessorBudget?
    private var position: Int64 = 0
    /// The error of a failed read, which libav's error numbers cannot carry.
    private(set) var failure: (any Error)?

    private static let bufferSize = 1 << 16

    init(_ source: any ByteSource, budget: ProcessorBudget?) throws(EngineFailure) {
        self.source = source
        self.budget = budget
        let buffer = av_malloc(Self.bufferSize)?.assumingMemoryBound(to: UInt8.self)
        // Unretained: the context does not outlive this object, which frees it.
        context = avio_alloc_context(
            buffer, Int32(Self.bufferSize), 0, Unmanaged.passUnretained(self).toOpaque(),
            { AVInput.from($0).read(into: $1, count: $2) }, nil,
            { AVInput.from($0).seek(to: $1, from: $2) })
        if context == nil {
            av_free(buffer)
            throw EngineFailure(message: "out of memory")
        }
    }

    deinit {
        if let context { av_freep(&context.pointee.buffer) }
        avio_context_free(&context)
    }

    private static func from(_ opaque: UnsafeMutableRawPointer?) -> AVInput {
        // libav hands back the pointer that `init` gave it.
        Unmanaged<AVInput>.fromOpaque(opaque.unsafelyUnwrapped).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, count: Int32) -> Int32 {
        if budget?.isSpent == true { return CAV_INTERRUPTED }
        do {
            let buffer = UnsafeMutableRawBufferPointer(start: buffer, count: Int(max(count, 0)))
            let read = try source.read(into: buffer, at: position)
            position += Int64(read)
            return read == 0 ? CAV_END_OF_FILE : Int32(read)
        } catch {
            failure = error
            return CAV_IO_ERROR
        }
    }

    private func seek(to offset: Int64, from whence: Int32) -> Int64 {
        let base: Int64
        switch whence & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return source.size
        case SEEK_SET: base = 0
        case SEEK_CUR: base = position
        case SEEK_END: base = source.size
        default: return Int64(CAV_INVALID_ARGUMENT)
        }
        let (target, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, target >= 0 else { return Int64(CAV_INVALID_ARGUMENT) }
        position = target
        return target
    }

    /// - Throws: the error of a failed read, or that the budget is spent.
    func check() throws {
        if let failure { throw failure }
        if budget?.isSpent == true { throw RejectionDetail.costly }
    }
}
