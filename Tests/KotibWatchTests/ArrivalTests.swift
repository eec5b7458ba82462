import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibWatch

/// Real files, real events: how files arrive.
@Suite struct ArrivalTests {
    @Test func everyWayToArriveIsSeenOnce() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try await watched.scanned()
            try watched.folder.makeFolder("inbox/user")
            try watched.write("copied", to: "user/copied.mp3")
            try watched.folder.write("moved in", to: "outside.mp3")
            try watched.folder.rename("outside.mp3", to: "inbox/user/moved.mp3")
            #expect(link(watched.path("user/copied.mp3"), watched.path("user/linked.mp3")) == 0)
            #expect(symlink("copied.mp3", watched.path("user/link.mp3")) == 0)
            #expect(mkfifo(watched.path("user/pipe.mp3"), 0o644) == 0)
            try watched.folder.makeFolder("inbox/user/folder.mp3")
            #expect(
                await waitUntil {
                    watched.reported.files.count >= 5 && watched.reported.status(of: "user/folder.mp3") != nil
                })
        }
        #expect(
            watched.reported.names == ["copied", "link", "linked", "moved", "pipe"].map { "user/\($0).mp3" })
        #expect(watched.reported.status(of: "user/folder.mp3")?.kind == .folder)
        #expect(watched.reported.status(of: "user/linked.mp3")?.links == 2)
    }

    @Test func filesFromBeforeTheStartAreReported() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox/a/b/c")
        try folder.makeFolder("inbox/a/@eaDir")
        for name in ["a/one.mp3", "a/b/c/two.mp3", "a/.hidden", "a/@eaDir/x.mp3", "a/x.part"] {
            try folder.write("x", to: "inbox/\(name)")
        }
        let watched = try WatchedFolder(in: folder)
        try await watched.watch {
            #expect(await waitUntil { watched.reported.files.count >= 2 && watched.reported.scans == 1 })
        }
        #expect(watched.reported.names == ["a/b/c/two.mp3", "a/one.mp3"])
    }

    @Test func aHundredClosesAreOneEvent() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try await watched.scanned()
            for number in 0..<100 { try watched.write("part \(number)", to: "talk.mp3") }
            #expect(await waitUntil { !watched.reported.files.isEmpty })
            try watched.write("x", to: "last.mp3")
            #expect(await waitUntil { watched.reported.files.count >= 2 })
        }
        #expect(watched.reported.names == ["last.mp3", "talk.mp3"])
    }

    @Test func aSlowWriterIsWaitedFor() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try await watched.scanned()
            let file = OpenFile(
                owning: open(watched.path("talk.mp3"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644))
            for _ in 0..<20 {
                #expect(write(file.descriptor, "0123456789", 10) == 10)
                // The slowness is what is tested: shorter than the settling, so that it never counts as
                // whole.
                try await Task.sleep(for: .milliseconds(20))
            }
            withExtendedLifetime(file) {}
            #expect(watched.reported.files.isEmpty)
            #expect(await waitUntil { !watched.reported.files.isEmpty })
        }
        #expect(watched.reported.status(of: "talk.mp3")?.identity.size == 200)
        #expect(watched.reported.files.count == 1)
    }

    @Test func aFileHeldOpenForWritingIsAwaitedUntilItsClose() async throws {
        var configuration = WatchedFolder.quick
        configuration.openFileDelay = .seconds(600)
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            do {
                let file = OpenFile(
                    owning: open(watched.path("held.mp3"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
                #expect(write(file.descriptor, "x", 1) == 1)
                try watched.write("x", to: "other.mp3")
                #expect(await waitUntil { watched.reported.names == ["other.mp3"] })
                withExtendedLifetime(file) {}
            }
            #expect(await waitUntil { watched.reported.names == ["held.mp3", "other.mp3"] })
        }
    }

    @Test func aFileHeldOpenForEverIsTakenInTheEnd() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            let file = OpenFile(owning: open(watched.path("held.mp3"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
            #expect(write(file.descriptor, "x", 1) == 1)
            let start = ContinuousClock.now
            #expect(await waitUntil { !watched.reported.files.isEmpty })
            #expect(ContinuousClock.now - start >= .milliseconds(600))
            withExtendedLifetime(file) {}
        }
    }

    @Test func anEmptyFileIsAwaitedAndThenTold() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            let start = ContinuousClock.now
            try watched.write("", to: "empty.mp3")
            #expect(await waitUntil { !watched.reported.files.isEmpty })
            #expect(ContinuousClock.now - start >= .milliseconds(240))
        }
    }

    /// OpenSSH's RENAME: the new name sees CREATE alone.
    @Test func aThousandRenamesByLinkAndUnlinkAreAllSeen() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try await watched.scanned()
            for number in 0..<1_000 {
                try watched.write("x", to: "\(number).filepart")
                #expect(link(watched.path("\(number).filepart"), watched.path("\(number).mp3")) == 0)
                #expect(unlink(watched.path("\(number).filepart")) == 0)
            }
            #expect(await waitUntil(deadline: .seconds(120)) { watched.reported.files.count >= 1_000 })
        }
        #expect(Set(watched.reported.names) == Set((0..<1_000).map { "\($0).mp3" }))
        #expect(watched.reported.files.count == 1_000)
    }

    @Test func namesAreBytes() async throws {
        // All bytes but the slash, and the leading dot that hides a name.
        let odd = (UInt8(1)...(.max)).filter { ![47, 46].contains($0) }
        let names =
            odd.map { [$0] + Array(".mp3".utf8) }
            + ["caf\u{e9}.wav", "cafe\u{301}.wav"].map { Array($0.utf8) }
        let watched = try WatchedFolder()
        try await watched.watch {
            for name in names { try watched.folder.write([1], to: Array("inbox/".utf8) + name) }
            #expect(await waitUntil { watched.reported.files.count >= names.count })
        }
        #expect(Set(watched.reported.files.map(\.bytes)) == Set(names))
    }

    @Test func aFileThatGoesIsToldGone() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.write("x", to: "talk.mp3")
            #expect(await waitUntil { watched.reported.names == ["talk.mp3"] })
            watched.folder.remove("inbox/talk.mp3")
            #expect(await waitUntil { watched.reported.gone == ["talk.mp3"] })
        }
    }

    @Test func aNameUsedAnewIsTheNewFile() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            for number in 0..<200 {
                watched.folder.remove("inbox/talk.mp3")
                try watched.write("\(number)", to: "talk.mp3")
            }
            let last = try LocalFileSystem(watched.root).examine(#require(InboxPath("talk.mp3")))
            #expect(await waitUntil { watched.reported.status(of: "talk.mp3") == last })
        }
        #expect(watched.reported.gone.isEmpty)
    }

    @Test func knownFileIsReportedByEventsOnly() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        try folder.write("x", to: "inbox/known.mp3")
        try folder.write("x", to: "inbox/new.mp3")
        let watched = try WatchedFolder(in: folder, isKnown: { $0.map { $0.path.text == "known.mp3" } })
        try await watched.watch {
            #expect(await waitUntil { watched.reported.scans == 1 && watched.reported.names == ["new.mp3"] })
            try watched.write("changed", to: "known.mp3")
            #expect(await waitUntil { watched.reported.names == ["known.mp3", "new.mp3"] })
        }
    }

    @Test func aTimeInTheFutureOrFarAwayDoesNotHoldUpAFile() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        for (name, seconds) in [("future", 4_000_000_000), ("past", -4_000_000_000), ("far", 15_000_000_000)]
        {
            try folder.write("x", to: "inbox/\(name).mp3")
            let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, folder.path("inbox/\(name).mp3"), times, 0) == 0)
        }
        let watched = try WatchedFolder(in: folder)
        try await watched.watch {
            #expect(await waitUntil { watched.reported.names == ["far.mp3", "future.mp3", "past.mp3"] })
        }
    }
}
