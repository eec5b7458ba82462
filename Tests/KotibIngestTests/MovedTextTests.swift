import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Synchronization
import Testing

@testable import KotibIngest

/// Recordings that are renamed together with their texts, several in one go: each keeps its own words, in
/// whatever order the names are reported.
@Suite struct MovedTextTests {
    /// How a person's words came into the file; none: the engine's stand there.
    enum Edit: CaseIterable { case none, recorded, unreadInPlace, unreadByRename }

    enum Renames: CaseIterable {
        case chain, swap

        /// From where to where the recordings are renamed, in this order.
        var steps: [(String, String)] {
            switch self {
            case .chain: [("b", "c"), ("a", "b")]
            case .swap: [("a", "x"), ("b", "a"), ("x", "b")]
            }
        }

        /// The names of the recordings that were a and b.
        var ends: [String] { self == .chain ? ["b", "c"] : ["b", "a"] }
    }

    private func save(_ words: String, _ name: String, _ edit: Edit, _ inbox: IngestFixture) async throws {
        switch edit {
        case .none: return
        case .recorded, .unreadInPlace: try inbox.folder.write(words + "\n", to: name)
        case .unreadByRename:
            try inbox.folder.write(words + "\n", to: "ali/.saved")
            try inbox.folder.rename("ali/.saved", to: name)
        }
        if edit == .recorded { try await inbox.handle(name) }
    }

    private func transcribed(
        _ folders: [String], _ edit: Edit, _ inbox: IngestFixture, file: (String) -> String
    ) async throws -> [RecordingID] {
        var ids: [RecordingID] = []
        try await inbox.transcribing {
            for name in folders.map(file) {
                ids.append(try #require(try await inbox.drop("speech of \(name)", name)).id)
                try await inbox.awaitText("Hello.", beside: name)
            }
        }
        for name in folders { try await save("Words of \(name).", file(name) + ".txt", edit, inbox) }
        return ids
    }

    private func check(
        _ id: RecordingID, _ old: String, _ new: String, _ edit: Edit, _ inbox: IngestFixture
    ) async throws {
        let words = edit == .none ? "Hello." : "Words of \(old)."
        #expect(try await inbox.current(new)?.id == id)
        #expect(inbox.folder.read(new + ".txt") == words + "\n")
        // An edit that was not read before the move is read once it has been at rest for a second.
        try await waitUntil("the words are recorded") {
            await inbox.pipeline.handle(.scanFinished)
            if inbox.folder.read(new + ".txt") != nil { try await inbox.handle(new + ".txt") }
            return try await inbox.catalog.recordings.transcript(of: id)?.text == words
        }
        let revisions = try #require(try await inbox.catalog.listing.revisions(of: id))
        #expect(Set(revisions.map(\.text)) == Set([words, "Hello."]))
        #expect(try await inbox.catalog.sidecars.owned(of: id).map(\.path.text) == [new + ".txt"])
    }

    /// The texts before the recordings and after; the names in both directions.
    private func names(_ inbox: IngestFixture, inOrder order: Int) throws -> [String] {
        var names = try inbox.names().sorted { order & 1 == 0 ? $0 < $1 : $0 > $1 }
        names.sort { ($0.hasSuffix(".txt") ? 0 : 1) < ($1.hasSuffix(".txt") ? 0 : 1) }
        if order & 2 == 0 { names.reverse() }
        return names
    }

    @Test(arguments: Renames.allCases, Edit.allCases)
    func renamedFilesKeepTheirWords(_ renames: Renames, _ edit: Edit) async throws {
        for order in 0..<4 {
            let inbox = try IngestFixture()
            let ids = try await transcribed(["a", "b"], edit, inbox) { "ali/\($0).wav" }
            for (from, to) in renames.steps {
                for ending in ["", ".txt"] {
                    try inbox.folder.rename("ali/\(from).wav\(ending)", to: "ali/\(to).wav\(ending)")
                }
            }
            for name in try names(inbox, inOrder: order) { try await inbox.handle("ali/\(name)") }
            if renames == .chain {
                for name in ["ali/a.wav", "ali/a.wav.txt"] {
                    await inbox.pipeline.handle(.removed(try inbox.path(name)))
                }
            }
            for (index, old) in ["a", "b"].enumerated() {
                try await check(ids[index], old, "ali/\(renames.ends[index]).wav", edit, inbox)
            }
            #expect(try inbox.names().count == 4)
        }
    }

    @Test(arguments: Renames.allCases, Edit.allCases)
    func renamedFoldersKeepTheirWords(_ renames: Renames, _ edit: Edit) async throws {
        for isTextFirst in [false, true] {
            let inbox = try IngestFixture()
            for name in ["a", "b"] { try inbox.folder.makeFolder("ali/\(name)") }
            let ids = try await transcribed(["a", "b"], edit, inbox) { "ali/\($0)/talk.wav" }
            for (from, to) in renames.steps { try inbox.folder.rename("ali/\(from)", to: "ali/\(to)") }
            for ending in isTextFirst ? [".txt", ""] : ["", ".txt"] {
                for name in renames.ends.sorted() { try await inbox.handle("ali/\(name)/talk.wav\(ending)") }
            }
            if renames == .chain { await inbox.pipeline.handle(.removed(try inbox.path("ali/a"))) }
            for (index, old) in ["a", "b"].enumerated() {
                try await check(ids[index], old, "ali/\(renames.ends[index])/talk.wav", edit, inbox)
            }
        }
    }

    /// How a program copies a file over another.
    enum Copy: CaseIterable { case newFile, inPlace, byRename }

    /// Two recordings change places by copies, as with cp(1) and rsync(1): no inode tells which is which, and
    /// both files are of the same size.
    @Test(arguments: Copy.allCases, Edit.allCases)
    func copiedFilesKeepTheirWords(_ copy: Copy, _ edit: Edit) async throws {
        for (order, keepsTimes) in (0..<4).flatMap({ order in [(order, false), (order, true)] }) {
            let inbox = try IngestFixture()
            let ids = try await transcribed(["a", "b"], edit, inbox) { "ali/\($0).wav" }
            let old = try ["a.wav", "b.wav", "a.wav.txt", "b.wav.txt"].map { name in
                (
                    content: try #require(inbox.folder.read("ali/\(name)")),
                    status: try inbox.status("ali/\(name)")
                )
            }
            for (index, name) in ["b.wav", "a.wav", "b.wav.txt", "a.wav.txt"].enumerated() {
                try inbox.copy(
                    old[index].content, to: "ali/\(name)", copy, keepsTimes ? old[index].status : nil)
            }
            for name in try names(inbox, inOrder: order) { try await inbox.handle("ali/\(name)") }
            for (index, name) in ["a", "b"].enumerated() {
                try await check(ids[index], name, "ali/\(["b", "a"][index]).wav", edit, inbox)
            }
            #expect(try inbox.names().count == 4)
        }
    }

    /// Renames and copies one after the other, some of them noticed in between.
    @Test(arguments: 0..<60) func anySequenceKeepsTheWords(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let inbox = try IngestFixture()
        let ids = try await transcribed(["a", "b", "c"], .recorded, inbox) { "ali/\($0).wav" }
        var (places, seen) = (["a", "b", "c"], Set<String>())
        for step in 0..<Int.random(in: 1...4, using: &random) {
            seen.formUnion(try inbox.names())
            if Bool.random(using: &random) {
                let chosen = Int.random(in: 0..<3, using: &random)
                try inbox.renamePair(places[chosen], to: "new\(step)")
                places[chosen] = "new\(step)"
            } else {
                let changing = Array(
                    [0, 1, 2].shuffled(using: &random).prefix(Int.random(in: 2...3, using: &random)))
                let copy = (Copy.allCases as [Copy?] + [nil, nil]).randomElement(using: &random) ?? nil
                try inbox.rotate(changing.map { places[$0] }, copy, keepsTimes: Bool.random(using: &random))
                let old = places
                for (index, chosen) in changing.enumerated() {
                    places[chosen] = old[changing[(index + 1) % changing.count]]
                }
            }
            if Bool.random(using: &random) { try await notice(inbox, seen, half: true, &random) }
        }
        for _ in 0..<2 {
            try await notice(inbox, seen, half: false, &random)
            await inbox.pipeline.handle(.scanFinished)
        }
        for (index, old) in ["a", "b", "c"].enumerated() {
            try await check(ids[index], old, "ali/\(places[index]).wav", .recorded, inbox)
        }
        #expect(try inbox.names().count == 6)
    }

    /// Handles the events of all names, or of about half of them, in any order.
    private func notice(
        _ inbox: IngestFixture, _ seen: Set<String>, half: Bool, _ random: inout SeededGenerator
    ) async throws {
        for name in seen.union(try inbox.names()).sorted().shuffled(using: &random) {
            if half, Bool.random(using: &random) { continue }
            if inbox.folder.read("ali/\(name)") != nil {
                try await inbox.handle("ali/\(name)")
            } else {
                await inbox.pipeline.handle(.removed(try inbox.path("ali/\(name)")))
            }
        }
    }

    /// The name of a removed recording is taken by another with its text.
    @Test(arguments: [Edit.none, .recorded]) func aRemovedRecordingKeepsItsWords(_ edit: Edit) async throws {
        for isTextFirst in [false, true] {
            let inbox = try IngestFixture()
            let ids = try await transcribed(["a", "b"], edit, inbox) { "ali/\($0).wav" }
            for ending in ["", ".txt"] {
                inbox.folder.remove("ali/a.wav\(ending)")
                try inbox.folder.rename("ali/b.wav\(ending)", to: "ali/a.wav\(ending)")
            }
            for ending in isTextFirst ? [".txt", ""] : ["", ".txt"] {
                try await inbox.handle("ali/a.wav\(ending)")
            }
            try await check(ids[1], "b", "ali/a.wav", edit, inbox)
            let kept = try await inbox.catalog.recordings.transcript(of: ids[0])?.text
            #expect(kept == (edit == .none ? "Hello." : "Words of a."))
        }
    }
}

extension IngestFixture {
    fileprivate func status(_ name: String) throws -> stat {
        var status = stat()
        try SystemError.check("stat", name) { stat(folder.path(name), &status) }
        return status
    }

    fileprivate func renamePair(_ name: String, to new: String) throws {
        for ending in ["", ".txt"] {
            // The daemon may have renamed the text already.
            guard folder.read("ali/\(name).wav\(ending)") != nil else { continue }
            try folder.rename("ali/\(name).wav\(ending)", to: "ali/\(new).wav\(ending)")
        }
    }

    /// Gives each recording, with its text, the name of the next, by renames or by copies.
    fileprivate func rotate(_ names: [String], _ copy: MovedTextTests.Copy?, keepsTimes: Bool) throws {
        guard let copy else {
            for name in names { try renamePair(name, to: name + ".x") }
            for (index, name) in names.enumerated() {
                try renamePair(name + ".x", to: names[(index + 1) % names.count])
            }
            return
        }
        let old = try names.flatMap { name in ["ali/\(name).wav", "ali/\(name).wav.txt"] }
            .map { (content: folder.read($0), status: try status($0)) }
        for (index, name) in names.enumerated() {
            let from = (index + names.count - 1) % names.count
            for (form, ending) in ["", ".txt"].enumerated() {
                let original = old[2 * from + form]
                try self.copy(
                    try #require(original.content), to: "ali/\(name).wav\(ending)", copy,
                    keepsTimes ? original.status : nil)
            }
        }
    }

    /// - Parameter original: with the times that the copy gets; nil for those of its writing.
    fileprivate func copy(
        _ content: String, to name: String, _ copy: MovedTextTests.Copy, _ original: stat?
    ) throws {
        switch copy {
        case .newFile:
            folder.remove(name)
            try folder.write(content, to: name)
        case .inPlace: try folder.write(content, to: name)
        case .byRename:
            try folder.write(content, to: "ali/.copy")
            try folder.rename("ali/.copy", to: name)
        }
        // Of two that are written at once the kernel's clock may give both the same time.
        let own = timespec(
            tv_sec: 1_800_000_000, tv_nsec: Int(Self.copies.add(1, ordering: .relaxed).newValue))
        let times = original.map { [$0.st_atim, $0.st_mtim] } ?? [own, own]
        try SystemError.check("utimensat", name) { utimensat(AT_FDCWD, folder.path(name), times, 0) }
    }

    private static let copies = Atomic(0)
}
