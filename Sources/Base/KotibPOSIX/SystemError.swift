// KotibPOSIX: the seam to the kernel: safe opening, atomic files, sockets, credentials.

import Glibc

/// A failed system call: its name, its object, and the error.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An errno(3) value.
    public let code: Int32
    /// The system call's name.
    public let operation: String
    /// The path, readable (``InboxPath/text`` or a path of the configuration).
    let path: String?

    public init(code: Int32, operation: String, path: String? = nil) {
        self.code = code
        self.operation = operation
        self.path = path
    }

    /// The error of the call that has just failed: reads errno.
    public static func last(_ operation: String, _ path: String? = nil) -> SystemError {
        SystemError(code: errno, operation: operation, path: path)
    }

    /// The kernel's message, such as "No space left on device".
    public var reason: String { String(cString: strerror(code)) }

    public var description: String {
        path.map { "\(operation) \($0): \(reason)" } ?? "\(operation): \(reason)"
    }

    /// Calls `body` again for as long as a signal interrupts it (signal(7)).
    /// - Throws: ``SystemError`` where `body` returns -1 for any other reason.
    @discardableResult
    public static func check<Result: SignedInteger>(
        _ operation: String, _ path: @autoclosure () -> String? = nil, _ body: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = body()
            if result != -1 { return result }
            if errno != EINTR { throw last(operation, path()) }
        }
    }
}
