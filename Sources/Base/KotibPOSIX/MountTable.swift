import FoundationEssentials
import Glibc

/// The mount table (proc_pid_mountinfo(5)).
public enum MountTable {
    /// The mounts at and below an open folder, a line each; equal as long as nothing is mounted or unmounted
    /// there. Nil where the kernel does not tell.
    public static func below(_ folder: OpenFile) -> Set<String>? {
        entries(below: folder).map { entries in
            Set(
                entries.map { entry in
                    [entry.id, entry.device, entry.place].map { String(decoding: $0, as: UTF8.self) }
                        .joined(separator: " ")
                })
        }
    }

    /// The mount points below an open folder, by their paths from there. Nil where the kernel does not tell.
    public static func places(below folder: OpenFile) -> Set<[UInt8]>? {
        guard let path = path(of: folder), let entries = entries(below: folder) else { return nil }
        let root = path == [slash] ? 1 : path.count + 1
        return Set(entries.filter { $0.place.count > root }.map { unescaped($0.place[root...]) })
    }

    private struct Entry {
        var id: [UInt8]
        var device: [UInt8]
        /// As the kernel writes it.
        var place: [UInt8]
    }

    private static let slash = UInt8(ascii: "/")

    /// As the kernel writes it.
    private static func path(of folder: OpenFile) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = readlink("/proc/self/fd/\(folder.descriptor)", &buffer, buffer.count)
        return length > 0 ? escaped(buffer[..<length]) : nil
    }

    private static func entries(below folder: OpenFile) -> [Entry]? {
        guard let path = path(of: folder),
            let table = try? Data(contentsOf: URL(filePath: "/proc/self/mountinfo"))
        else { return nil }
        return table.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count > 5, isAtOrBelow(Array(fields[4]), path) else { return nil }
            // Mount id, device and place; the options after them may change at any time.
            return Entry(id: Array(fields[0]), device: Array(fields[2]), place: Array(fields[4]))
        }
    }

    private static func isAtOrBelow(_ place: [UInt8], _ path: [UInt8]) -> Bool {
        place == path || place.starts(with: path == [slash] ? path : path + [slash])
    }

    /// As the kernel writes them: space, tab, newline and backslash as octal numbers.
    private static func escaped(_ path: ArraySlice<UInt8>) -> [UInt8] {
        path.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x20: Array(#"\040"#.utf8)
            case 0x09: Array(#"\011"#.utf8)
            case 0x0A: Array(#"\012"#.utf8)
            case 0x5C: Array(#"\134"#.utf8)
            default: [byte]
            }
        }
    }

    private static func unescaped(_ place: ArraySlice<UInt8>) -> [UInt8] {
        var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], place)
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            guard byte == 0x5C, digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest.removeFirst(3)
        }
        return bytes
    }
}
