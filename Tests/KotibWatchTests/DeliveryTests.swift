import KotibModel
import KotibPOSIX
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibWatch

@Suite struct DeliveryQueueTests {
    var queue = DeliveryQueue(concurrency: 2)

    private func path(_ name: String) throws -> InboxPath { try #require(InboxPath(name)) }

    @Test mutating func neverTwoOfOnePathAtOnce() throws {
        let (a, b) = (try path("a"), try path("b"))
        queue.add(.removed(a), at: a)
        let first = queue.next()
        queue.add(.removed(a), at: a)
        queue.add(.removed(b), at: b)
        #expect(queue.next()?.inboxEvent == .removed(b))
        #expect(queue.next() == nil)
        queue.finished(try #require(first))
        #expect(queue.next()?.inboxEvent == .removed(a))
        #expect(queue.count == 2)
    }

    @Test mutating func ofWhatWaitsOnlyTheNewestIsTold() throws {
        let a = try path("a")
        let identity = FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1)
        let status = FileStatus(
            identity: identity, kind: .regular, permissions: 0, owner: 0, group: 0, links: 1)
        queue.add(.removed(a), at: a)
        queue.add(.stable(a, status), at: a)
        #expect(queue.next()?.inboxEvent == .stable(a, status))
        #expect(queue.next() == nil)
    }

    @Test mutating func aScanIsToldAfterAllBeforeItAndNotHeldUpByAnythingAfter() throws {
        let (a, b) = (try path("a"), try path("b"))
        queue.add(.removed(a), at: a)
        queue.addScanFinished()
        queue.add(.removed(b), at: b)
        let (first, second) = (queue.next(), queue.next())
        #expect([first?.inboxEvent, second?.inboxEvent] == [.removed(a), .removed(b)])
        queue.finished(try #require(first))
        #expect(queue.next()?.inboxEvent == .scanFinished)
    }

    @Test mutating func aScanOfNothingIsToldAtOnce() throws {
        queue.addScanFinished()
        let scan = queue.next()
        #expect(scan?.inboxEvent == .scanFinished)
        queue.finished(try #require(scan))
        #expect(queue.next() == nil && queue.count == 0)
    }
}

/// One user's flood does not hold another's file up.
@Suite struct DeliveryTurnTests {
    var queue = DeliveryQueue(concurrency: 3)

    private func path(_ name: String) throws -> InboxPath { try #require(InboxPath(name)) }

    private mutating func add(_ names: String...) throws {
        for name in names { queue.add(.removed(try path(name)), at: try path(name)) }
    }

    private mutating func start() -> (name: String, delivery: DeliveryQueue.Delivery)? {
        guard let delivery = queue.next(), case .removed(let path) = delivery.inboxEvent else { return nil }
        return (path.text, delivery)
    }

    /// Handles everything, one after the other.
    private mutating func drain() -> [String] {
        var names: [String] = []
        while let (name, delivery) = start() {
            names.append(name)
            queue.finished(delivery)
        }
        return names
    }

    @Test mutating func usersTakeTurnsAndEachOnesFilesComeInTheirOrder() throws {
        try add("a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "c/1")
        #expect(drain() == ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4"])
        #expect(queue.count == 0 && queue.count(of: .user("a")) == 0)
    }

    /// All files in the inbox itself count as one user's.
    @Test mutating func aFloodInTheInboxItselfIsOneUsers() throws {
        try add("1", "2", "3", "4", "b/1", "b/2")
        #expect(drain() == ["1", "b/1", "2", "b/2", "3", "4"])
    }

    @Test mutating func newUserStartsAlthoughAllHandlersAreBusy() throws {
        try add("a/1", "a/2", "a/3", "a/4", "a/5")
        let running = [start(), start(), start()].compactMap(\.self)
        #expect(running.map(\.name) == ["a/1", "a/2", "a/3"])
        #expect(start() == nil, "the one that is free is for somebody else")
        try add("b/1", "b/2")
        let other = try #require(start())
        #expect(other.name == "b/1")
        #expect(start() == nil)
        // When one ends, the next user in turn starts.
        queue.finished(running[0].delivery)
        #expect(start()?.name == "b/2")
        queue.finished(other.delivery)
        #expect(start()?.name == "a/4")
    }

    @Test mutating func eventDuringHandlingWaitsForItsTurn() throws {
        try add("a/1")
        let first = try #require(start())
        try add("a/1", "b/1")
        #expect(start()?.name == "b/1")
        #expect(start() == nil)
        queue.finished(first.delivery)
        #expect(start()?.name == "a/1")
    }

    /// If the cost of an operation grew with the number of waiting events, one hundred thousand would take
    /// hours.
    @Test(.timeLimit(.minutes(2))) mutating func manyUsersCostNoMore() throws {
        for number in 0..<2_000 {
            for user in 0..<50 { try add("user\(user)/\(number)") }
        }
        #expect(queue.count == 100_000)
        #expect(drain().count == 100_000)
    }
}

@Suite struct DeliveryTests {
    @Test func handlersRunAtOnceButOneForEachPath() async throws {
        struct Load { var now: [InboxPath: Int] = [:], most = 0, maxOfOne = 0 }
        let load = Mutex(Load())
        var configuration = WatchedFolder.quick
        configuration.concurrency = 4
        let watched = try WatchedFolder(
            configuration,
            handler: { inboxEvent in
                guard case .stable(let path, _) = inboxEvent else { return }
                load.withLock {
                    $0.now[path, default: 0] += 1
                    $0.most = max($0.most, $0.now.values.reduce(0, +))
                    $0.maxOfOne = max($0.maxOfOne, $0.now[path] ?? 0)
                }
                try? await Task.sleep(for: .milliseconds(30))
                load.withLock { $0.now[path, default: 1] -= 1 }
            })
        try await watched.watch {
            for round in 0..<4 {
                for number in 0..<12 { try watched.write("\(round)", to: "\(number).mp3") }
                #expect(await waitUntil { watched.reported.files.count >= 12 * round + 6 })
            }
            #expect(await waitUntil { Set(watched.reported.files).count == 12 })
        }
        load.withLock { #expect($0.most == 4 && $0.maxOfOne == 1) }
    }
}
