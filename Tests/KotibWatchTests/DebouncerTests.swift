import KotibModel
import KotibPOSIX
import Testing

@testable import KotibWatch

@Suite struct DebouncerTests {
    let path: InboxPath
    var debouncer = Debouncer(WatchConfiguration())

    init() throws { path = try #require(InboxPath("user/talk.mp3")) }

    private func file(
        size: Int64 = 9, changed: Int64 = 1, links: UInt64 = 1, kind: FileStatus.Kind = .regular
    ) -> FileStatus {
        FileStatus(
            identity: FileIdentity(device: 1, inode: 2, size: size, modified: changed, changed: changed),
            kind: kind, permissions: 0o644, owner: 1, group: 1, links: links)
    }

    /// Looks at what is due, always the same, until the settler has decided.
    private mutating func decide(
        _ status: FileStatus?, writer: WriterCheck = .none, from now: Duration = .zero
    ) -> (Debouncer.Step, at: Duration)? {
        var now = now
        for _ in 0..<100 {
            guard let next = debouncer.nextCheck else { return nil }
            now = max(now, next)
            for path in debouncer.due(now: now) {
                var step = debouncer.observed(status, at: path, trigger: .timer, now: now)
                if step == .checkWriter { step = debouncer.writer(writer, at: path, now: now) }
                if step != .wait { return (step, now) }
            }
        }
        return nil
    }

    @Test mutating func settlesOneSecondAfterTheLastChange() {
        #expect(debouncer.observed(file(), at: path, trigger: .touched, now: .zero) == .wait)
        #expect(
            debouncer.observed(file(changed: 2), at: path, trigger: .touched, now: .milliseconds(900))
                == .wait)
        let decision = decide(file(changed: 2))
        #expect(decision?.0 == .stable(file(changed: 2)))
        #expect(decision?.at == .milliseconds(1900))
        #expect(debouncer.count == 0 && debouncer.nextCheck == nil)
    }

    /// A write through mmap gives no event.
    @Test mutating func aSilentChangeBeginsTheWaitAnew() {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        #expect(debouncer.due(now: .seconds(1)) == [path])
        #expect(debouncer.observed(file(changed: 2), at: path, trigger: .timer, now: .seconds(1)) == .wait)
        #expect(decide(file(changed: 2))?.at == .seconds(2))
    }

    /// A recorder that opens, appends and closes: each look at it costs a transcription.
    @Test mutating func aFileThatGrewThreeTimesIsAwaitedLonger() throws {
        var (now, waits) = (Duration.zero, [Duration]())
        for part in 1...12 {
            now += .seconds(4)
            let status = file(size: Int64(part * 100), changed: Int64(part))
            _ = debouncer.observed(status, at: path, trigger: .touched, now: now)
            let decision = try #require(decide(status, from: now))
            #expect(decision.0 == .stable(status))
            waits.append(decision.at - now)
            now = decision.at
        }
        #expect(waits.prefix(6).map { $0 / .seconds(1) } == [1, 1, 1, 2, 4, 8])
        #expect(waits.last == .seconds(60))
        // A file that was replaced by a smaller one, or has not grown for long, starts again at zero.
        for (size, rest) in [(50, Duration.zero), (100, .seconds(601))] as [(Int64, Duration)] {
            now += rest
            let status = file(size: size, changed: 100 + size)
            _ = debouncer.observed(status, at: path, trigger: .touched, now: now)
            let decision = try #require(decide(status, from: now))
            #expect(decision.at - now == .seconds(1))
            now = decision.at
        }
    }

    /// However many others are put there meanwhile.
    @Test func aFileThatStillGrowsIsRemembered() throws {
        var history = GrowthHistory()
        let recorder = try #require(InboxPath("ali/recorder.wav"))
        var now = Duration.zero
        for size in 1...5 {
            now += .seconds(61)
            history.delivered(recorder, size: Int64(size), now: now)
            for number in 0..<(size > 1 ? 2 * GrowthHistory.capacity : 0) {
                let other = try #require(InboxPath("ali/\(size)-\(number).wav"))
                history.delivered(other, size: 1, now: now)
            }
            #expect(history.count(at: recorder, size: Int64(size), now: now) == size - 1)
        }
        // Two that grow, in the order in which they do.
        let second = try #require(InboxPath("ali/second.wav"))
        for size in 1...2 { history.delivered(second, size: Int64(size), now: now + .seconds(1)) }
        history.delivered(recorder, size: 6, now: now + .seconds(2))
        for number in 0..<(GrowthHistory.capacity - 1) {
            let other = try #require(InboxPath("ali/grown-\(number).wav"))
            for size in 1...2 { history.delivered(other, size: Int64(size), now: now + .seconds(3)) }
        }
        #expect(history.count(at: recorder, size: 6, now: now + .seconds(3)) == 5)
        #expect(history.count(at: second, size: 2, now: now + .seconds(3)) == 0)
    }

    @Test mutating func anEmptyFileIsAwaitedLonger() {
        _ = debouncer.observed(file(size: 0), at: path, trigger: .touched, now: .zero)
        #expect(decide(file(size: 0))?.at == .seconds(10))
    }

    @Test mutating func aSecondNameIsAwaitedThenTold() {
        _ = debouncer.observed(file(links: 2), at: path, trigger: .touched, now: .zero)
        let decision = decide(file(links: 2))
        #expect(decision?.0 == .stable(file(links: 2)))
        #expect(decision?.at == .seconds(3))
    }

    @Test(arguments: [(WriterCheck.writing, 60), (.unknown, 1), (.none, 1)])
    mutating func aWriterIsAwaitedForAMinute(_ writer: WriterCheck, _ seconds: Int) {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        #expect(decide(file(), writer: writer)?.at == .seconds(seconds))
    }

    @Test mutating func theCloseOfAWriterIsNotMissedBetweenRareLooks() {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        #expect(debouncer.due(now: .seconds(1)) == [path])
        #expect(debouncer.observed(file(), at: path, trigger: .timer, now: .seconds(1)) == .checkWriter)
        #expect(debouncer.writer(.writing, at: path, now: .seconds(1)) == .wait)
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .milliseconds(1100))
        #expect(decide(file())?.at == .milliseconds(2100))
    }

    @Test mutating func fileThatWasAlreadyStableIsDeliveredAtOnce() {
        let step = debouncer.observed(file(), at: path, trigger: .scanned(quiet: .seconds(2)), now: .zero)
        #expect(step == .checkWriter)
        #expect(debouncer.writer(.none, at: path, now: .zero) == .stable(file()))
        let old = debouncer.observed(file(), at: path, trigger: .scanned(quiet: .seconds(100)), now: .zero)
        #expect(old == .stable(file()))
    }

    @Test mutating func aScanDoesNotPutOffWhatIsAwaited() {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        _ = debouncer.observed(file(), at: path, trigger: .scanned(quiet: .zero), now: .milliseconds(800))
        #expect(decide(file())?.at == .seconds(1))
    }

    @Test mutating func removalIsReportedOnceItIsStable() {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        _ = debouncer.observed(nil, at: path, trigger: .touched, now: .milliseconds(500))
        let decision = decide(nil)
        #expect(decision?.0 == .gone)
        #expect(decision?.at == .milliseconds(1500))
    }

    @Test(arguments: [FileStatus.Kind.symbolicLink, .pipe, .socket, .device])
    mutating func otherKindsAreTold(_ kind: FileStatus.Kind) {
        _ = debouncer.observed(file(size: 0, kind: kind), at: path, trigger: .touched, now: .zero)
        #expect(decide(file(size: 0, kind: kind))?.at == .seconds(1))
    }

    /// Its times change with every file that is put into it.
    @Test mutating func aBusyFolderSettles() {
        _ = debouncer.observed(file(kind: .folder), at: path, trigger: .touched, now: .zero)
        #expect(decide(file(changed: 2, kind: .folder))?.at == .seconds(1))
    }

    @Test mutating func withoutRoomOnlyNewNamesAreTurnedAway() throws {
        _ = debouncer.observed(file(), at: path, trigger: .touched, now: .zero)
        let other = try #require(InboxPath("user/other.mp3"))
        #expect(
            debouncer.observed(file(), at: other, trigger: .touched, hasCapacity: false, now: .zero)
                == .noCapacity)
        #expect(
            debouncer.observed(file(), at: path, trigger: .touched, hasCapacity: false, now: .seconds(1))
                == .wait)
        #expect(debouncer.count == 1)
    }

    @Test mutating func aBusyWriterCostsOneAppointment() {
        for tick in 0..<10_000 {
            _ = debouncer.observed(file(), at: path, trigger: .touched, now: .milliseconds(tick))
        }
        #expect(debouncer.nextCheck == .seconds(1))
        #expect(debouncer.due(now: .seconds(1)).isEmpty)
        #expect(debouncer.nextCheck == .milliseconds(10_999))
        #expect(debouncer.due(now: .seconds(11)) == [path])
        #expect(debouncer.nextCheck == nil)
    }
}
