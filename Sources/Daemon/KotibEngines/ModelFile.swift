import Glibc
import KotibModel
import KotibPOSIX

/// The file of a model, identified by its content. It is read once for each state of it, because weights have
/// up to 3 GB.
public actor ModelFile {
    /// SHA-256 of a whole file. Blocks.
    public typealias Hasher = @Sendable (OpenFile) throws -> [UInt8]

    private let path: String
    private let hasher: Hasher
    private var hashes: [FileIdentity: Task<[UInt8]?, Never>] = [:]

    public init(path: String, hasher: @escaping Hasher) {
        self.path = path
        self.hasher = hasher
    }

    /// SHA-256 of the file that is at the path now. Nil if it cannot be read or changes meanwhile.
    func sha256() async -> [UInt8]? {
        guard let (file, identity) = await open() else { return nil }
        return await sha256(of: file, identity)
    }

    /// SHA-256 of the file that a worker has loaded. Nil if another file is at the path now and this one was
    /// not hashed before.
    func sha256(ofLoaded loaded: FileIdentity) async -> [UInt8]? {
        if let hash = hashes[loaded] { return await hash.value }
        guard let (file, identity) = await open(), identity == loaded else { return nil }
        return await sha256(of: file, identity)
    }

    private func sha256(of file: OpenFile, _ identity: FileIdentity) async -> [UInt8]? {
        let hasher = hasher
        let hash =
            hashes[identity]
            ?? Task {
                await BlockingWork.run { () -> [UInt8]? in
                    guard let hash = try? hasher(file), let after = try? FileStatus(of: file).identity,
                        after == identity
                    else { return nil }
                    return hash
                }
            }
        hashes[identity] = hash
        let value = await hash.value
        if value == nil { hashes[identity] = nil }
        return value
    }

    private func open() async -> (OpenFile, FileIdentity)? {
        let path = path
        return await BlockingWork.run { () -> (OpenFile, FileIdentity)? in
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            let file = OpenFile(owning: descriptor)
            return (try? FileStatus(of: file).identity).map { (file, $0) }
        }
    }
}
