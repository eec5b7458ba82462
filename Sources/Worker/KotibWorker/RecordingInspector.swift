import CAV
import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Inspects an untrusted file in one pass over its bytes: type by libmagic, sound by libav, SHA-256.
final class RecordingInspector {
    private let magic: MagicDatabase
    /// Seconds of processor time for one file; the longest honest one takes about two.
    private let budget: Double

    init(_ magic: MagicDatabase, budget: Double = 30) {
        self.magic = magic
        self.budget = budget
    }

    /// - Throws: ``Rejection`` where the file is not to be taken, ``SystemError`` where it cannot be read,
    ///   ``EngineFailure`` where this process is at fault.
    func inspect(_ file: OpenFile, _ request: InspectRequest) throws -> AudioFacts {
        guard let hint = Container.extensions[request.fileExtension] else {
            throw Rejection.unsupportedExtension(accepted: Container.extensions.keys.sorted())
        }
        if request.size <= 0 { throw Rejection.empty }
        let reader = try HashingReader(file, size: request.size)
        let (container, mediaType) = try recognise(reader, hint, request)
        let hash = try AudioPacketHash(of: container, after: request.earlier)
        var walk = FileWalk(
            reader, container, request, hash, budget: ProcessorBudget(seconds: budget))
        try walk.walk()
        return AudioFacts(
            mediaType: mediaType, container: container.rawValue, codec: walk.sound.codec,
            duration: walk.sound.duration, channels: walk.sound.channels, sampleRate: walk.sound.sampleRate,
            sha256: try reader.finish(), sound: hash.finish(), continues: hash.continued,
            warnings: walk.warnings, isPatched: walk.isPatched)
    }

    private func recognise(
        _ reader: HashingReader, _ hint: Container, _ request: InspectRequest
    ) throws -> (Container, mediaType: String) {
        let head = try reader.head()
        do {
            let signed = try Container(signature: reader)
            let kind = magic.kind(of: head, expecting: (signed ?? hint).mediaTypes)
            let container = try signed ?? Container.recognise(reader, kind, hint: hint)
            return (container, container.mediaType(kind))
        } catch Rejection.incomplete where request.takesIncomplete {
            throw RejectionDetail.fragment
        }
    }
}

/// The processor time that one piece of work may take, which bounds the cost of any file.
struct ProcessorBudget {
    private let now: () -> Double
    private let end: Double

    /// - Parameters:
    ///   - seconds: of processor time, from now.
    ///   - now: seconds of processor time so far.
    init(seconds: Double, now: @escaping () -> Double = { ProcessorBudget.used() }) {
        self.now = now
        end = now() + seconds
    }

    var isSpent: Bool { now() > end }

    /// Seconds of processor time of all threads: of this process (clock_gettime(2)), or of another by its
    /// clock (clock_getcpuclockid(3)).
    static func used(by clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
