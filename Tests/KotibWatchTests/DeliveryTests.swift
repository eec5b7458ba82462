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
        queue.add(.gone(a), at: a)
        let first = queue.next()
        queue.add(.gone(a), at: a)
        queue.add(.gone(b), at: b)
        #expect(queue.next()?.sighting == .gone(b))
        #expect(queue.next() == nil)
        queue.finished(try #require(first))
        #expect(queue.next()?.sighting == .gone(a))
        #expect(queue.count == 2)
    }

    @Test mutating func ofWhatWaitsOnlyTheNewestIsTold() throws {
        let a = try path("a")
        let identity = FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1)
        let status = FileStatus(
            identity: identity, kind: .regular, permissions: 0, owner: 0, group: 0, links: 1)
        queue.add(.gone(a), at: a)
        queue.add(.settled(a, status), at: a)
        #expect(queue.next()?.sighting == .settled(a, status))
        #expect(queue.next() == nil)
    }

    @Test mutating func aScanIsToldAfterAllBeforeItAndNotHeldUpByAnythingAfter() throws {
        let (a, b) = (try path("a"), try path("b"))
        queue.add(.gone(a), at: a)
        queue.addScanned()
        queue.add(.gone(b), at: b)
        let (first, second) = (queue.next(), queue.next())
        #expect([first?.sighting, second?.sighting] == [.gone(a), .gone(b)])
        queue.finished(try #require(first))
        #expect(queue.next()?.sighting == .scanned)
    }

    @Test mutating func aScanOfNothingIsToldAtOnce() throws {
        queue.addScanned()
        let scan = queue.next()
        #expect(scan?.sighting == .scanned)
        queue.finished(try #require(scan))
        #expect(queue.next() == nil && queue.count == 0)
    }
}

@Suite struct DeliveryTests {
    @Test func handlersRunAtOnceButOneForEachPath() async throws {
        struct Load { var now: [InboxPath: Int] = [:], most = 0, mostOfOne = 0 }
        let load = Mutex(Load())
        var configuration = WatchedFolder.quick
        configuration.concurrency = 4
        let watched = try WatchedFolder(
            configuration,
            handler: { sighting in
                guard case .settled(let path, _) = sighting else { return }
                load.withLock {
                    $0.now[path, default: 0] += 1
                    $0.most = max($0.most, $0.now.values.reduce(0, +))
                    $0.mostOfOne = max($0.mostOfOne, $0.now[path] ?? 0)
                }
                try? await Task.sleep(for: .milliseconds(30))
                load.withLock { $0.now[path, default: 1] -= 1 }
            })
        try await watched.watch {
            for round in 0..<4 {
                for number in 0..<12 { try watched.write("\(round)", to: "\(number).mp3") }
                #expect(await waitUntil { watched.told.files.count >= 12 * round + 6 })
            }
            #expect(await waitUntil { Set(watched.told.files).count == 12 })
        }
        load.withLock { #expect($0.most == 4 && $0.mostOfOne == 1) }
    }
}
