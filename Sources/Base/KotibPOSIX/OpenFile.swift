import Glibc

/// An open descriptor with one owner: closed when the last reference goes.
public final class OpenFile: Sendable {
    /// Valid for as long as this object lives: keep the object, not the number.
    public let descriptor: Int32

    /// Takes over `descriptor`.
    public init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
