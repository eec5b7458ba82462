import KotibModel
import KotibPOSIX
import Logging

/// Removes the temporary files that crashes left.
final class LeftoverCleaner {
    /// The number of kept files that are logged. Others are kept too.
    private static let maxLogged = 1000

    private let fileSystem: any FileSystem
    private let wallClock: @Sendable () -> Int64
    private let logger: Logger
    /// Files that were kept and logged.
    private var logged: Set<InboxPath> = []

    init(fileSystem: any FileSystem, wallClock: @escaping @Sendable () -> Int64, logger: Logger) {
        self.fileSystem = fileSystem
        self.wallClock = wallClock
        self.logger = logger
    }

    func remove(_ names: [[UInt8]], in opened: OpenFile, _ path: InboxPath?) {
        guard !names.isEmpty else { return }
        do {
            let kept = try AtomicFile(fileSystem).removeStaleTemporaries(names, in: opened, now: wallClock())
            for name in kept {
                let file = path?.appending(name) ?? InboxPath(name)
                // Logged once, not at each scan, and not for each of thousands of such names.
                guard let file, logged.count < Self.maxLogged, logged.insert(file).inserted
                else { continue }
                logger.warning(
                    "leftover file kept, it may belong to a user",
                    metadata: ["folder": "\(path?.text ?? "")", "file": "\(ByteText.escaped(name))"])
            }
        } catch {
            logger.debug("cannot remove leftover file", metadata: ["error": "\(error)"])
        }
    }
}
