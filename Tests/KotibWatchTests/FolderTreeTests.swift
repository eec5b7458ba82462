import KotibModel
import Testing

@testable import KotibWatch

@Suite struct FolderTreeTests {
    var tree = FolderTree()

    private mutating func add(_ path: String) throws -> FolderID {
        var folder = tree.root
        for name in path.split(separator: "/") {
            let added = tree.add(Array(name.utf8), to: folder)
            folder = try #require(added).id
        }
        return folder
    }

    @Test mutating func pathsAreFoundBothWays() throws {
        let folder = try add("a/b/c")
        #expect(tree.path(folder)?.text == "a/b/c")
        #expect(tree.depth(folder) == 3)
        #expect(tree.path(tree.root) == nil)
        #expect(try tree.child(Array("b".utf8), of: add("a")) == add("a/b"))
    }

    @Test mutating func removalTakesAllBelowAndGivesTheirWatches() throws {
        let (kept, inner) = (try add("a/keep"), try add("a/b/c"))
        _ = tree.setWatch(7, of: inner)
        _ = try tree.setWatch(6, of: add("a/b"))
        _ = tree.setWatch(5, of: kept)
        #expect(try Set(tree.remove(add("a/b"))) == [6, 7])
        #expect(!tree.contains(inner) && tree.folder(watchedBy: 7) == nil)
        #expect(tree.path(kept)?.text == "a/keep")
        #expect(tree.count == 3 && tree.watchCount == 1)
    }

    @Test mutating func anOldIDIsNeverMeantAgain() throws {
        let old = try add("a")
        _ = tree.remove(old)
        let new = try add("b")
        #expect(!tree.contains(old) && tree.path(old) == nil)
        #expect(tree.contains(new) && tree.path(new)?.text == "b")
        #expect(tree.add(Array("x".utf8), to: old) == nil)
        #expect(tree.remove(old).isEmpty)
    }

    @Test mutating func aMovedFolderBringsItsWatchAlong() throws {
        let (old, new) = (try add("old"), try add("new"))
        #expect(tree.setWatch(5, of: old) == nil)
        #expect(tree.setWatch(5, of: new) == nil)
        #expect(tree.folder(watchedBy: 5) == new)
        #expect(tree.remove(old).isEmpty)
        #expect(tree.setWatch(6, of: new) == 5)
    }

    @Test mutating func unvisitedFoldersAreFound() throws {
        let (seen, unseen) = (try add("seen"), try add("unseen"))
        tree.beginVisit()
        _ = try add("seen")
        let new = try add("new")
        #expect(tree.unseenChildren(of: tree.root) == [unseen])
        #expect(tree.contains(seen) && tree.contains(new))
    }

    /// Against a plain dictionary of paths.
    @Test mutating func churnKeepsTheTreeWhole() throws {
        var generator = SystemRandomNumberGenerator()
        var model: Set<String> = []
        for _ in 0..<3_000 {
            let path = (0..<Int.random(in: 1...4, using: &generator))
                .map { _ in String(Int.random(in: 0..<4, using: &generator)) }.joined(separator: "/")
            if Bool.random(using: &generator) {
                _ = try add(path)
                var prefix = ""
                for part in path.split(separator: "/") {
                    prefix += prefix.isEmpty ? "\(part)" : "/\(part)"
                    model.insert(prefix)
                }
            } else if model.contains(path) {
                _ = try tree.remove(add(path))
                model = model.filter { $0 != path && !$0.hasPrefix(path + "/") }
            }
            #expect(tree.count == model.count + 1)
        }
        for path in model { #expect(try tree.path(add(path))?.text == path) }
        #expect(tree.count == model.count + 1)
    }
}
