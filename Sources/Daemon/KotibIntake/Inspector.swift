// KotibIntake: accept or refuse one arrival, with the reason.

import KotibModel
import KotibPOSIX
import KotibWorkerClient
import KotibWorkerProtocol

/// The result of inspecting a file.
public enum InspectionResult: Hashable, Sendable {
    case facts(AudioFacts)
    /// The file is refused.
    case refused(Rejection)
}

/// The file could not be inspected, for a reason other than its content; the message is for the log.
public struct InspectionError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    /// The delay before a retry; nil if none makes sense: the daemon stops or the caller gave up.
    public var retryAfter: Duration?

    public var description: String { message }
}

/// Inspects the content of files.
public protocol Inspecting: Sendable {
    /// - Parameters:
    ///   - file: open for reading; only read at explicit offsets.
    ///   - user: the user whose folder it lies in; users take turns.
    ///   - fileExtension: lower case, without the dot.
    ///   - size: bytes; no more is read.
    ///   - earlier: the earlier sound at the path; the facts say whether the file begins with it.
    ///   - takesIncomplete: accepts an incomplete file as it is.
    func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?,
        takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult
}

extension Inspecting {
    /// Inspects a file without an earlier version.
    public func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        takesIncomplete: Bool = false
    ) async throws(InspectionError) -> InspectionResult {
        try await inspect(
            file, of: user, fileExtension: fileExtension, size: size, after: nil,
            takesIncomplete: takesIncomplete)
    }
}

/// Inspects files in worker processes, so that no untrusted bytes are parsed in the daemon.
public struct WorkerInspector: Inspecting {
    /// Limits of inspecting one file.
    public struct Limits: Hashable, Sendable {
        /// Seconds; a longer recording is refused.
        var longestDuration: Double
        /// Wall time of one try.
        var deadline: Duration

        public init(longestDuration: Double, deadline: Duration = .seconds(60)) {
            self.longestDuration = longestDuration
            self.deadline = deadline
        }
    }

    /// A file is refused only after it has crashed this many workers.
    static let tries = 2

    private let pool: WorkerPool
    private let limits: Limits

    /// - Parameter pool: of inspecting workers; somebody else runs it.
    public init(pool: WorkerPool, limits: Limits) {
        self.pool = pool
        self.limits = limits
    }

    public func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?,
        takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult {
        var last = WorkerError.stopped
        for _ in 1...Self.tries {
            do throws(WorkerError) {
                return try await ask(file, user, fileExtension, size, earlier, takesIncomplete)
            } catch  where error.mayBlameRequest {
                last = error
            } catch {
                throw InspectionError(error)
            }
        }
        return .refused(.damaged(detail: "the inspecting worker \(last)"))
    }

    private func ask(
        _ file: OpenFile, _ user: UserFolder, _ fileExtension: String, _ size: Int64,
        _ earlier: SoundIdentity?,
        _ takesIncomplete: Bool
    ) async throws(WorkerError) -> InspectionResult {
        let answer = try await pool.perform(passing: file, for: user, deadline: limits.deadline) { id in
            .inspect(
                InspectRequest(
                    request: id, fileExtension: fileExtension, size: size,
                    longestDuration: limits.longestDuration, earlier: earlier,
                    takesIncomplete: takesIncomplete))
        }
        switch answer.reply {
        case .inspected(_, let facts) where facts.duration > limits.longestDuration:
            // The worker ends there by itself: one that does not is lying, or the setting was lowered
            // meanwhile.
            return .refused(.tooLong(duration: facts.duration, limit: limits.longestDuration))
        case .inspected(_, let facts): return .facts(facts)
        case .refused(_, let rejection): return .refused(rejection)
        // The request's number fits but the answer does not: the worker cannot be trusted with this file.
        default: throw .protocolViolation(detail: "the answer to another kind of request")
        }
    }
}

extension InspectionError {
    /// A full line of callers moves on soon.
    private static let soon = Duration.seconds(1)

    init(_ error: WorkerError) {
        message = "The inspecting worker \(error)."
        retryAfter =
            switch error {
            case .couldNotStart(_, let time): time
            case .cancelled, .stopped: nil
            case .busy, .died, .stalled, .overdue, .protocolViolation: Self.soon
            }
    }
}
