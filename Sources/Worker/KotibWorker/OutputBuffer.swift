import CAV
import Glibc
import KotibPOSIX

/// Shared memory of the daemon as libav's custom I/O, which a muxer takes for a file. No system call writes,
/// so that the sandbox needs to allow none.
final class OutputBuffer {
    /// The buffer is full.
    struct BufferFull: Error {}

    /// Bytes from the beginning to the last one written.
    private(set) var size = 0
    private(set) var isFull = false
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private var position = 0

    private static let blockSize = 1 << 16

    /// - Parameter capacity: bytes that `file` has.
    /// - Throws: ``ProtocolViolation`` for a file that has fewer, which would end this process by SIGBUS;
    ///   ``EngineFailure`` where it cannot be mapped.
    init(_ file: OpenFile, capacity: Int64) throws {
        var status = stat()
        try SystemError.check("fstat") { fstat(file.descriptor, &status) }
        guard capacity > 0, Int64(status.st_size) >= capacity else {
            throw ProtocolViolation(description: "a buffer that is smaller than its request says")
        }
        self.capacity = Int(capacity)
        let memory = mmap(nil, self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
        guard let memory, memory != MAP_FAILED else {
            throw EngineFailure(message: "the buffer cannot be mapped: \(SystemError.last("mmap"))")
        }
        self.memory = memory
        let block = av_malloc(Self.blockSize)?.assumingMemoryBound(to: UInt8.self)
        // Unretained: the context does not outlive this object, which frees it.
        context = avio_alloc_context(
            block, Int32(Self.blockSize), 1, Unmanaged.passUnretained(self).toOpaque(), nil,
            { OutputBuffer.from($0).write(UnsafeRawPointer($1), count: $2) },
            { OutputBuffer.from($0).seek(to: $1, from: $2) })
        if context == nil {
            av_free(block)
            throw EngineFailure(message: "out of memory")
        }
    }

    deinit {
        if let context { av_freep(&context.pointee.buffer) }
        avio_context_free(&context)
        munmap(memory, capacity)
    }

    private static func from(_ opaque: UnsafeMutableRawPointer?) -> OutputBuffer {
        // libav hands back the pointer that `init` gave it.
        Unmanaged<OutputBuffer>.fromOpaque(opaque.unsafelyUnwrapped).takeUnretainedValue()
    }

    private func write(_ bytes: UnsafeRawPointer?, count: Int32) -> Int32 {
        guard let bytes, count > 0 else { return 0 }
        guard Int(count) <= capacity - position else {
            isFull = true
            return CAV_NO_SPACE
        }
        memory.advanced(by: position).copyMemory(from: bytes, byteCount: Int(count))
        position += Int(count)
        size = max(size, position)
        return count
    }

    /// Only to where something was written: a gap would be a file that nobody meant.
    private func seek(to offset: Int64, from whence: Int32) -> Int64 {
        let base: Int
        switch whence & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return Int64(size)
        case SEEK_SET: base = 0
        case SEEK_CUR: base = position
        case SEEK_END: base = size
        default: return Int64(CAV_INVALID_ARGUMENT)
        }
        let (target, overflow) = Int64(base).addingReportingOverflow(offset)
        guard !overflow, (0...Int64(size)).contains(target) else { return Int64(CAV_INVALID_ARGUMENT) }
        position = Int(target)
        return target
    }
}
