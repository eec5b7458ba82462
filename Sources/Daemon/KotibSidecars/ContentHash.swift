import KotibCrypto
import KotibPOSIX

/// Recognizes files by their bytes. Its calls block on the disk.
public enum ContentHash {
    private static let step = 1 << 20

    /// SHA-256 of a whole file.
    public static func sha256(of file: OpenFile) throws(FileError) -> [UInt8] {
        var (hash, offset) = (SHA256(), Int64(0))
        do throws(SystemError) {
            while true {
                let part = try file.read(upTo: step, from: offset)
                if part.isEmpty { return hash.finalize() }
                hash.update(part)
                offset += Int64(part.count)
            }
        } catch {
            throw .system(error)
        }
    }
}
