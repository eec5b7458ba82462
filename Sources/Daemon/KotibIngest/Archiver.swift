import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// Takes the audio of one recording from the inbox into the archive.
///
/// The catalog says first that it is on its way (``Catalog/beginArchiving(_:at:restingSince:copy:now:)``), so that a
/// file that is missing then is not gone, and so that the next pass ends what a crash or a fault stopped. The original
/// goes last, when the archive has the audio on its disk, and only if it is the very file that was transcribed.
struct Archiver: Sendable {
    let pipeline: IngestPipeline
    let folder: ArchiveFolder
    let now: @Sendable () -> Date

    private var catalog: Catalog { pipeline.catalog }

    enum Outcome: Hashable, Sendable {
        case archived
        /// Somebody works with it, or it has changed: later, perhaps.
        case notNow
    }

    /// - Parameters:
    ///   - seen: as the catalog has it.
    ///   - end: it must have rested since then.
    /// - Throws: ``ArchiveFault``, ``CatalogError``.
    func archive(_ seen: Recording, restingSince end: Date) async throws -> Outcome {
        let disk = try await disk(for: seen)
        switch try await BlockingWork.run({ () throws(ArchiveFault) in try disk.look() }) {
        case .ready: break
        case .busy: return .notNow
        case .missing:
            try await pipeline.recovery.gone(seen.path)
            return .notNow
        case .other(let status):
            try await lookAgain(at: seen, status)
            return .notNow
        }
        let outcome = try await pipeline.sidecars.locks.withLock(on: seen.path) {
            try await begin(seen, disk, end)
        }
        if outcome == .notNow { try await pipeline.recovery.gone(seen.path) }
        return outcome
    }

    /// Ends what a crash or a fault stopped.
    /// - Throws: ``ArchiveFault``, ``CatalogError``.
    func finish(_ audio: ArchivedAudio) async throws {
        // What is being deleted is the deletion's to end.
        guard let recording = try await catalog.recording(audio.recording, in: .everyone) else { return }
        let disk = try await disk(for: recording)
        try await pipeline.sidecars.locks.withLock(on: recording.path) {
            guard let audio = try await catalog.archived(recording.id), audio.phase != .kept else { return }
            try await resume(audio, disk)
        }
        try await pipeline.recovery.gone(recording.path)
    }

    /// As if somebody had touched the file.
    private func lookAgain(at recording: Recording, _ status: FileStatus) async throws {
        do {
            try await pipeline.settled(recording.path, status)
        } catch {
            if let error = error as? CatalogError, error.isRetryable { throw error }
            pipeline.logger.debug(
                "left to the next scan", metadata: ["file": "\(recording.path)", "cause": "\(error)"])
        }
    }

    private func disk(for recording: Recording) async throws(ArchiveFault) -> ArchiveDisk {
        let (files, folder) = (pipeline.files, folder)
        return try await BlockingWork.run { () throws(ArchiveFault) in
            do throws(FileError) {
                return ArchiveDisk(inbox: files, archive: try folder.open(), recording: recording)
            } catch {
                throw .archive(error)
            }
        }
    }
}

/// With the turn at the recording's path.
extension Archiver {
    private func begin(_ seen: Recording, _ disk: ArchiveDisk, _ end: Date) async throws -> Outcome {
        // One that was brought back may be in the archive still.
        if let audio = try await catalog.archived(seen.id), audio.phase == .kept,
            let copy = try await verified(audio.path, disk)
        {
            let isBegun = try await catalog.beginArchiving(
                seen, at: audio.path, restingSince: end, copy: copy, now: now())
            return isBegun ? try await removeOriginal(disk, audio.path, copy) : .notNow
        }
        let place = try await BlockingWork.run { () throws(ArchiveFault) in try disk.freePlace() }
        guard try await catalog.beginArchiving(seen, at: place, restingSince: end, now: now()) else {
            return .notNow
        }
        do {
            return try await take(disk, place)
        } catch let fault as ArchiveFault {
            // Where nothing came of it the recording is as it was at once; else the next pass goes on.
            if let audio = try await catalog.archived(seen.id), audio.phase == .intended {
                try? await resume(audio, disk)
            }
            throw fault
        }
    }

    private func take(_ disk: ArchiveDisk, _ place: InboxPath) async throws -> Outcome {
        let passage = try await BlockingWork.run { () throws(ArchiveFault) in
            let passage = try disk.rename(to: place)
            return passage == .otherDisk ? (try disk.copy(to: place), true) : (passage, false)
        }
        switch passage {
        case (.done(let copy), false): return try await settle(disk, place, copy, isAway: true)
        case (.done(let copy), true):
            guard try await catalog.archiveCopied(disk.recording.id, copy, now: now()) else { return .notNow }
            return try await removeOriginal(disk, place, copy)
        case (.taken, _), (.otherDisk, _), (.notThere, _):
            try await catalog.withdrawArchiving(disk.recording.id)
            return .notNow
        }
    }

    private func removeOriginal(
        _ disk: ArchiveDisk, _ place: InboxPath, _ copy: FileIdentity
    ) async throws -> Outcome {
        let isAway = try await BlockingWork.run { () throws(ArchiveFault) in try disk.removeOriginal() }
        return try await settle(disk, place, copy, isAway: isAway)
    }

    private func settle(
        _ disk: ArchiveDisk, _ place: InboxPath, _ copy: FileIdentity, isAway: Bool
    ) async throws -> Outcome {
        let recording = disk.recording
        guard try await catalog.finishArchiving(recording, copy, isAway: isAway, now: now()) else {
            return .notNow
        }
        pipeline.logger.info(
            "recording archived",
            metadata: [
                "recording": "\(recording.id)", "user": "\(ByteText.escaped(recording.path.user))",
                "file": "\(recording.path)", "size": "\(recording.identity.size)", "archived": "\(place)",
            ])
        return .archived
    }

    private func resume(_ audio: ArchivedAudio, _ disk: ArchiveDisk) async throws {
        if let copy = try await verified(audio.path, disk) {
            guard try await catalog.archiveCopied(audio.recording, copy, now: now()) else { return }
            _ = try await removeOriginal(disk, audio.path, copy)
        } else {
            try await BlockingWork.run { () throws(ArchiveFault) in
                try disk.removeLeftovers(beside: audio.path)
            }
            if audio.phase == .copied {
                pipeline.logger.error(
                    "archived audio is not there any more or was changed; the recording stays where it is",
                    metadata: ["recording": "\(audio.recording)", "file": "\(audio.path)"])
            }
            try await catalog.withdrawArchiving(audio.recording)
        }
    }

    private func verified(_ place: InboxPath, _ disk: ArchiveDisk) async throws(ArchiveFault) -> FileIdentity?
    {
        try await BlockingWork.run { () throws(ArchiveFault) in try disk.verified(place) }
    }
}
