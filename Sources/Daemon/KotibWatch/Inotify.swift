import Dispatch
import Glibc
import KotibPOSIX
import Synchronization

/// An inotify(7) instance: the kernel's events about any number of folders.
///
/// A dispatch queue of its own only reads, so that the kernel's queue (16,384 events by default) overflows as
/// late as possible. The events wait here, in a buffer of bounded size, until they are taken; when it is
/// full, that counts as an overflow.
final class Inotify: Sendable {
    private struct Inbox {
        var bytes: [UInt8] = []
        var hasOverflowed = false
    }

    /// The size of the buffer in bytes: some 100,000 events.
    private static let longestWait = 4 << 20
    private static let readSize = 64 * 1024
    /// The pause after each read, in which the kernel merges equal events: a fast writer costs 200 wake-ups a
    /// second, not one for each of its writes.
    private static let rest: DispatchTimeInterval = .milliseconds(5)

    let file: OpenFile
    private let queue = DispatchQueue(label: "kotib.inotify", qos: .userInitiated)
    // Dispatch objects may be used from any thread (dispatch_object(3)); the type is only not declared so.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let inbox = Mutex(Inbox())
    private let onEvents: @Sendable () -> Void

    /// - Parameter onEvents: called after events have arrived, on the dispatch queue that reads. It must not
    ///   block.
    /// - Throws: ``SystemError`` of inotify_init1(2): EMFILE where the user has too many instances.
    init(onEvents: @escaping @Sendable () -> Void) throws(SystemError) {
        let flags = Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)
        file = OpenFile(owning: try SystemError.check("inotify_init1") { inotify_init1(flags) })
        source = DispatchSource.makeReadSource(fileDescriptor: file.descriptor, queue: queue)
        self.onEvents = onEvents
        source.setEventHandler { [weak self] in self?.drainAndRest() }
        // The descriptor must outlive the source (dispatch_source_create(3)).
        source.setCancelHandler { [file] in withExtendedLifetime(file) {} }
        source.resume()
    }

    deinit {
        source.cancel()
    }

    /// Adds a watch for an open folder. The path by way of /proc leads to that folder even after a rename.
    /// - Returns: the watch descriptor, which is the same for the same folder.
    /// - Throws: ``SystemError`` of inotify_add_watch(2): ENOSPC where the user has too many watches.
    func watch(_ folder: OpenFile) throws(SystemError) -> Int32 {
        try SystemError.check("inotify_add_watch") {
            inotify_add_watch(file.descriptor, "/proc/self/fd/\(folder.descriptor)", Self.mask)
        }
    }

    func unwatch(_ watch: Int32) {
        // Fails where the kernel has removed it already, which is harmless.
        inotify_rm_watch(file.descriptor, watch)
    }

    /// Removes and returns all events, for ``InotifyEvent/parse(_:_:)``, and whether others were lost.
    func takeEvents() -> (bytes: [UInt8], hasOverflowed: Bool) {
        inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return (inbox.bytes, inbox.hasOverflowed)
        }
    }

    /// Stops reading until `resume`: for tests of an overflow.
    func pause() { source.suspend() }
    func resume() { source.resume() }

    private func drainAndRest() {
        let bytes = drain()
        guard !bytes.isEmpty else { return }
        inbox.withLock { inbox in
            if inbox.bytes.count + bytes.count > Self.longestWait {
                inbox = Inbox(bytes: [], hasOverflowed: true)
            } else {
                inbox.bytes += bytes
            }
        }
        onEvents()
        source.suspend()
        // Holds on to self: a source must not be let go while it is suspended (dispatch_source_create(3)).
        queue.asyncAfter(deadline: .now() + Self.rest) { self.source.resume() }
    }

    private func drain() -> [UInt8] {
        var all: [UInt8] = []
        while all.count < Self.longestWait {
            let part = [UInt8](unsafeUninitializedCapacity: Self.readSize) { buffer, count in
                count = max(0, read(file.descriptor, buffer.baseAddress, buffer.count))
            }
            if part.isEmpty { break }
            all += part
        }
        return all
    }

    private static let mask: UInt32 = [
        UInt32(IN_CREATE), UInt32(IN_CLOSE_WRITE), UInt32(IN_MODIFY), UInt32(IN_ATTRIB), UInt32(IN_MOVED_TO),
        UInt32(IN_MOVED_FROM), UInt32(IN_DELETE), UInt32(IN_DELETE_SELF), UInt32(IN_MOVE_SELF),
        UInt32(IN_ONLYDIR), UInt32(IN_EXCL_UNLINK),
    ].reduce(0, |)
}

/// One event of the kernel (inotify(7)).
struct InotifyEvent: Hashable {
    /// The watch descriptor of the folder; -1 for an overflow.
    var watch: Int32
    var mask: UInt32
    /// The name in that folder; empty where the event is about the folder itself.
    var name: [UInt8]

    func has(_ flag: Int) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
    func has(_ flag: Int32) -> Bool { has(Int(flag)) }

    /// Parses the result of read(2), which holds whole events only.
    static func parse(_ bytes: [UInt8], _ body: (InotifyEvent) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + headSize <= bytes.count {
                let watch = bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                let name = bytes[(offset + headSize)...].prefix(length).prefix { $0 != 0 }
                body(InotifyEvent(watch: watch, mask: mask, name: Array(name)))
                offset += headSize + length
            }
        }
    }

    /// The fields before the name: wd, mask, cookie, len, 4 bytes each.
    private static let headSize = 16
}
