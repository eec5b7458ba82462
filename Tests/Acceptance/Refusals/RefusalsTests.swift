import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

extension Acceptance {
    @Suite(.timeLimit(.minutes(5))) struct Refusals {
        @Test(arguments: BadFile.allCases)
        func aBadFileGetsANoteAndIsLeftAlone(bad: BadFile) async throws {
            try await withDaemon { daemon in
                try daemon.makeFolder("alisher")
                let name = "alisher/a." + bad.ending
                try await bad.put(into: daemon, as: name)
                let before = Left(daemon, name)
                let note = try await daemon.awaitText(of: name + ".rejected.txt")
                expectOneSentence(note, about: "a." + bad.ending, daemon)
                let event = try await daemon.awaitEvent(DaemonMessage.refused, where: ["file": name])
                #expect(event["reason"] == bad.reason, daemon.log)
                #expect(event["user"] == "alisher")
                try await daemon.awaitRow(of: name, "rejected")

                #expect(Left(daemon, name) == before, daemon.log)
                #expect(
                    try daemon.names(in: "alisher") == ["a." + bad.ending, "a.\(bad.ending).rejected.txt"],
                    daemon.log)
            }
        }

        @Test(arguments: BadFile.allCases)
        func theNoteGoesWithTheBadFile(bad: BadFile) async throws {
            try await withDaemon { daemon in
                try daemon.makeFolder("alisher")
                let (replaced, deleted) = ("alisher/a." + bad.ending, "alisher/b." + bad.ending)
                for name in [replaced, deleted] { try await bad.put(into: daemon, as: name) }
                for name in [replaced, deleted] { try await daemon.awaitText(of: name + ".rejected.txt") }

                try daemon.remove(deleted)
                try await daemon.awaitAbsence(of: deleted + ".rejected.txt")

                guard bad.isNameOfARecording else { return }
                let good = try await bad.recording(daemon, bad.ending)
                if bad == .folder { try daemon.remove(replaced) }
                try daemon.move(from: good, to: replaced)
                try await daemon.awaitText(of: replaced + ".txt")
                try await daemon.awaitAbsence(of: replaced + ".rejected.txt")
                #expect(
                    try daemon.names(in: "alisher") == ["a." + bad.ending, "a.\(bad.ending).txt"], daemon.log)
            }
        }

        @Test func aRecordingInAFolderWithARecordingsNameIsTaken() async throws {
            try await withDaemon { daemon in
                try await daemon.drop(BadFile.folder.recording(daemon, "wav"), as: "alisher/x.mp3/inside.wav")
                try await daemon.awaitText(of: "alisher/x.mp3.rejected.txt")
                try await daemon.awaitText(of: "alisher/x.mp3/inside.wav.txt")
            }
        }

        @Test func aFileOutsideAnyFolderIsTakenOnceItIsInOne() async throws {
            try await withDaemon { daemon in
                try await daemon.drop(BadFile.text.recording(daemon, "wav"), as: "talk.wav")
                let note = try await daemon.awaitText(of: "talk.wav.rejected.txt")
                expectOneSentence(note, about: "talk.wav", daemon)
                let event = try await daemon.awaitEvent(DaemonMessage.refused, where: ["file": "talk.wav"])
                #expect(event["reason"] == "no_folder")
                try daemon.makeFolder("alisher")
                try daemon.move(from: daemon.path("talk.wav"), to: "alisher/talk.wav")
                try await daemon.awaitText(of: "alisher/talk.wav.txt")
                try await daemon.awaitAbsence(of: "talk.wav.rejected.txt")
            }
        }

        @Test func aBrokenOffUploadIsTakenWhenTheRestArrives() async throws {
            try await withDaemon { daemon in
                let whole = try Data(contentsOf: URL(filePath: await BadFile.text.recording(daemon, "wav")))
                try daemon.write(whole.prefix(whole.count / 2), as: "alisher/talk.wav")
                try await daemon.awaitText(of: "alisher/talk.wav.rejected.txt")
                try daemon.append(whole.suffix(from: whole.count / 2), to: "alisher/talk.wav")
                try await daemon.awaitText(of: "alisher/talk.wav.txt")
                try await daemon.awaitAbsence(of: "alisher/talk.wav.rejected.txt")
            }
        }

        @Test func aFileThatBecomesReadableIsTaken() async throws {
            try await withDaemon { daemon in
                try daemon.makeFolder("alisher")
                try await BadFile.unreadable.put(into: daemon, as: "alisher/talk.wav")
                try await daemon.awaitText(of: "alisher/talk.wav.rejected.txt")
                #expect(chmod(daemon.path("alisher/talk.wav"), 0o644) == 0)
                try await daemon.awaitText(of: "alisher/talk.wav.txt")
                try await daemon.awaitAbsence(of: "alisher/talk.wav.rejected.txt")
            }
        }

        @Test func aStrangersTextIsNeverReplaced() async throws {
            try await withDaemon { daemon in
                let mine = Data("My own notes on this talk.\n".utf8)
                for name in ["alisher/talk.wav.txt", "alisher/bad.mp3.rejected.txt"] {
                    try daemon.write(mine, as: name)
                }
                let before = ["alisher/talk.wav.txt", "alisher/bad.mp3.rejected.txt"].map { Left(daemon, $0) }
                try await daemon.drop(BadFile.text.recording(daemon, "wav"), as: "alisher/talk.wav")
                try await BadFile.text.put(into: daemon, as: "alisher/bad.mp3")
                try await daemon.awaitText(of: "alisher/talk.wav.kotib.txt")
                try await daemon.awaitText(of: "alisher/bad.mp3.kotib-rejected.txt")
                let after = ["alisher/talk.wav.txt", "alisher/bad.mp3.rejected.txt"].map { Left(daemon, $0) }
                #expect(after == before, daemon.log)
            }
        }

        private func expectOneSentence(_ note: String, about name: String, _ daemon: DaemonFixture) {
            #expect(note.contains("“\(name)”"), "\(note)\n\(daemon.story)")
            #expect(note.hasSuffix(".\n") && note.count { $0 == "\n" } == 1, "\(note)\n\(daemon.story)")
            #expect(!note.contains(". "), "more than one sentence: \(note)")
        }
    }
}

/// A file as it must stay.
private struct Left: Equatable {
    var stamp: FileStamp?
    /// The content of small ordinary files.
    var content: Data?

    init(_ daemon: DaemonFixture, _ name: String) {
        stamp = daemon.stamp(of: name)
        guard let stamp, stamp.mode & UInt32(S_IFMT) == UInt32(S_IFREG), stamp.size < 1 << 20 else { return }
        content = FileManager.default.contents(atPath: daemon.path(name))
    }
}
