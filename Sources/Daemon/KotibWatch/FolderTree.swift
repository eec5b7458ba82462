import KotibModel

/// A folder in the tree. The ID of a removed folder is never used again, although its slot is.
struct FolderID: Hashable {
    fileprivate var index: Int32
    fileprivate var generation: UInt32
}

/// The folders below the inbox, each with its inotify watch: some 250 bytes a folder.
///
/// Paths are not stored but built from the names on the way up, so that a folder costs the same at any depth.
struct FolderTree {
    private struct Node {
        var name: [UInt8]
        var parent: Int32
        var firstChild: Int32 = none
        var next: Int32 = none
        var previous: Int32 = none
        /// The kernel's watch descriptor, or `none`.
        var watch: Int32 = none
        var generation: UInt32
        /// The visit at which it was last seen.
        var visit: UInt32
        var depth: Int32
    }

    private struct ChildKey: Hashable {
        var parent: Int32
        var name: [UInt8]
    }

    private static let none: Int32 = -1

    private var nodes: [Node]
    private var free: [Int32] = []
    private var children: [ChildKey: Int32] = [:]
    private var watches: [Int32: Int32] = [:]
    private var visit: UInt32 = 0

    init() {
        nodes = [Node(name: [], parent: Self.none, generation: 0, visit: 0, depth: 0)]
    }

    var root: FolderID { id(0) }
    /// The number of folders, with the root.
    var count: Int { nodes.count - free.count }
    var watchCount: Int { watches.count }

    func contains(_ id: FolderID) -> Bool {
        nodes.indices.contains(Int(id.index)) && nodes[Int(id.index)].generation == id.generation
    }

    /// Nil for the root, and for a folder that is not in the tree.
    func path(_ id: FolderID) -> InboxPath? {
        guard contains(id) else { return nil }
        var names: [[UInt8]] = []
        var index = id.index
        while index != 0 {
            names.append(nodes[Int(index)].name)
            index = nodes[Int(index)].parent
        }
        return InboxPath(Array(names.reversed().joined(separator: [UInt8(ascii: "/")])))
    }

    /// 0 for the root.
    func depth(_ id: FolderID) -> Int { contains(id) ? Int(nodes[Int(id.index)].depth) : 0 }

    func child(_ name: [UInt8], of parent: FolderID) -> FolderID? {
        guard contains(parent) else { return nil }
        return children[ChildKey(parent: parent.index, name: name)].map(id)
    }

    /// The child of that name, which is created where there was none, and marked as seen now.
    mutating func add(_ name: [UInt8], to parent: FolderID) -> (id: FolderID, isNew: Bool)? {
        guard contains(parent) else { return nil }
        let key = ChildKey(parent: parent.index, name: name)
        if let index = children[key] {
            nodes[Int(index)].visit = visit
            return (id(index), false)
        }
        let index = place(name, below: parent.index)
        children[key] = index
        return (id(index), true)
    }

    /// Removes a folder and all below.
    /// - Returns: their watches, for the caller to remove.
    mutating func remove(_ id: FolderID) -> [Int32] {
        guard contains(id), id != root else { return [] }
        unlink(id.index)
        var given: [Int32] = []
        var below = [id.index]
        while let index = below.popLast() {
            let node = nodes[Int(index)]
            var child = node.firstChild
            while child != Self.none {
                below.append(child)
                child = nodes[Int(child)].next
            }
            if node.watch != Self.none {
                watches[node.watch] = nil
                given.append(node.watch)
            }
            children[ChildKey(parent: node.parent, name: node.name)] = nil
            nodes[Int(index)] = Node(
                name: [], parent: Self.none, generation: node.generation &+ 1, visit: 0, depth: 0)
            free.append(index)
        }
        return given
    }

    // MARK: Watches

    func folder(watchedBy watch: Int32) -> FolderID? { watches[watch].map(id) }

    /// A watch belongs to the folder that got it last: a folder that was moved keeps its watch.
    /// - Returns: the folder's earlier watch, for the caller to remove.
    mutating func setWatch(_ watch: Int32?, of id: FolderID) -> Int32? {
        guard contains(id) else { return watch }
        let earlier = nodes[Int(id.index)].watch
        if earlier == watch ?? Self.none { return nil }
        if earlier != Self.none { watches[earlier] = nil }
        if let watch {
            if let other = watches[watch] { nodes[Int(other)].watch = Self.none }
            watches[watch] = id.index
        }
        nodes[Int(id.index)].watch = watch ?? Self.none
        return earlier == Self.none ? nil : earlier
    }

    // MARK: Visits

    /// Begins a visit: ``add(_:to:)`` marks folders as seen from now on, whoever adds them.
    mutating func beginVisit() { visit &+= 1 }

    /// Children that have not been seen since the visit began.
    func unseenChildren(of id: FolderID) -> [FolderID] {
        guard contains(id) else { return [] }
        var unseen: [FolderID] = []
        var child = nodes[Int(id.index)].firstChild
        while child != Self.none {
            if nodes[Int(child)].visit != visit { unseen.append(self.id(child)) }
            child = nodes[Int(child)].next
        }
        return unseen
    }

    private func id(_ index: Int32) -> FolderID {
        FolderID(index: index, generation: nodes[Int(index)].generation)
    }

    private mutating func place(_ name: [UInt8], below parent: Int32) -> Int32 {
        var node = Node(
            name: name, parent: parent, generation: 0, visit: visit, depth: nodes[Int(parent)].depth + 1)
        node.next = nodes[Int(parent)].firstChild
        let index: Int32
        if let used = free.popLast() {
            node.generation = nodes[Int(used)].generation
            nodes[Int(used)] = node
            index = used
        } else {
            index = Int32(nodes.count)
            nodes.append(node)
        }
        if node.next != Self.none { nodes[Int(node.next)].previous = index }
        nodes[Int(parent)].firstChild = index
        return index
    }

    private mutating func unlink(_ index: Int32) {
        let node = nodes[Int(index)]
        if node.previous != Self.none {
            nodes[Int(node.previous)].next = node.next
        } else {
            nodes[Int(node.parent)].firstChild = node.next
        }
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
    }
}
