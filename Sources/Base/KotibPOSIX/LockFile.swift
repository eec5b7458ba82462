import Glibc

/// Held by one process at a time, for as long as this object lives; the kernel lets go when the process ends,
/// however it ends (flock(2)).
public final class LockFile: Sendable {
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Another process has it; its number, where the file tells.
        case held(by: Int32?)
        case system(SystemError)

        public var description: String {
            switch self {
            case .held(let process?): "another kotibd, process \(process), uses this state folder"
            case .held(nil): "another kotibd uses this state folder"
            case .system(let error): error.description
            }
        }
    }

    private let file: OpenFile

    /// Takes the lock or fails at once, and writes our process number into the file. The file stays when the
    /// lock goes: deleting it would let two processes hold a lock each.
    init(path: String) throws(Failure) {
        do throws(SystemError) {
            file = OpenFile(
                owning: try SystemError.check("open", path) {
                    open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
                })
        } catch {
            throw .system(error)
        }
        do throws(SystemError) {
            try SystemError.check("flock", path) { flock(file.descriptor, LOCK_EX | LOCK_NB) }
            try SystemError.check("ftruncate", path) { ftruncate(file.descriptor, 0) }
            let line = Array("\(getpid())\n".utf8)
            try SystemError.check("pwrite", path) { pwrite(file.descriptor, line, line.count, 0) }
        } catch {
            throw error.code == EWOULDBLOCK ? .held(by: Self.holder(file)) : .system(error)
        }
    }

    /// The time that a lock may outlive the process named in the file.
    static let gracePeriod = Duration.seconds(2)
    private static let pause = Duration.milliseconds(20)

    /// Like ``init(path:)``, but waits up to ``gracePeriod`` if the process named in the file has ended:
    /// between fork(2) and execve(2) a child of it has its descriptors, close-on-exec or not, and thereby the
    /// lock.
    public static func acquire(
        _ path: String, clock: some Clock<Duration> = ContinuousClock()
    ) async throws(Failure) -> LockFile {
        let deadline = clock.now.advanced(by: gracePeriod)
        while true {
            do throws(Failure) {
                return try LockFile(path: path)
            } catch {
                guard case .held(let holder) = error, !isRunning(holder), clock.now < deadline,
                    (try? await clock.sleep(for: pause)) != nil
                else { throw error }
            }
        }
    }

    /// Whether another process has this number. In a container a new daemon may have the number of the old.
    private static func isRunning(_ process: Int32?) -> Bool {
        guard let process, process > 0, process != getpid() else { return false }
        return kill(process, 0) == 0 || errno == EPERM
    }

    private static func holder(_ file: OpenFile) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file.descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
