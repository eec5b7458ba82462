import FoundationEssentials
import Glibc

/// The mount table (proc_pid_mountinfo(5)).
public enum MountTable {
    /// The mounts at and below an open folder, a line each; equal as long as nothing is mounted or unmounted
    /// there. Nil where the kernel does not tell.
    public static func below(_ folder: OpenFile) -> Set<String>? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = readlink("/proc/self/fd/\(folder.descriptor)", &buffer, buffer.count)
        guard length > 0,
            let table = try? Data(contentsOf: URL(filePath: "/proc/self/mountinfo"))
        else { return nil }
        let path = escaped(buffer[..<length])
        return Set(
            table.split(separator: UInt8(ascii: "\n")).compactMap { line in
                let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
                guard fields.count > 5, isAtOrBelow(Array(fields[4]), path) else { return nil }
                // Mount id, device and place; the options after them may change at any time.
                return [fields[0], fields[2], fields[4]].map { String(decoding: $0, as: UTF8.self) }
                    .joined(separator: " ")
            })
    }

    private static func isAtOrBelow(_ place: [UInt8], _ path: [UInt8]) -> Bool {
        place == path || place.starts(with: path == [UInt8(ascii: "/")] ? path : path + [UInt8(ascii: "/")])
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
}
