// KotibArchive: moves the audio of recordings that have rested long enough out of the inbox.

import FoundationEssentials
import KotibCatalog
import KotibIngest
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// Moves the audio of one recording from the inbox into the archive.
///
/// The catalog records the move first (``ArchivedAudioStore/begin(_:at:restingSince:copy:now:)``), so that a
/// file that is missing meanwhile does not count as gone, and the next pass completes a move that a crash or
/// a fault interrupted. The original is deleted last, when the archive has the audio on its disk, and only if
/// it is still the file that was transcribed.
package struct Archiver: Sendable {
    private let files: any FileSystem
    private let folder: ArchiveFolder
    private let catalog: Catalog
    private let locks: KeyedMutex<InboxPath>
    private let pipeline: IngestPipeline
    private let departures: DepartureRecorder
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - files: the inbox.
    ///   - now: compared with the catalog's times.
    package init(
        files: any FileSystem, folder: ArchiveFolder, catalog: Catalog, locks: KeyedMutex<InboxPath>,
        pipeline: IngestPipeline, departures: DepartureRecorder, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        self.files = files
        self.folder = folder
        self.catalog = catalog
        self.locks = locks
        self.pipeline = pipeline
        self.departures = departures
        self.logger = logger
        self.now = now
    }

    enum Outcome: Hashable, Sendable {
        case archived
        /// It is in use, or has changed. It may be archived later.
        case notNow
    }

    /// - Parameters:
    ///   - seen: the recording as read from the catalog.
    ///   - end: it must have rested since then.
    /// - Throws: ``ArchiveFault``, ``CatalogError``.
    func archive(_ seen: Recording, restingSince end: Date) async throws -> Outcome {
        let transfer = try await transfer(of: seen)
        switch try await BlockingWork.run({ () throws(ArchiveFault) in try transfer.sourceState() }) {
        case .ready: break
        case .busy: return .notNow
        case .missing:
            try await departures.nameGone(seen.path)
            return .notNow
        case .changed(let status):
            try await ingestAgain(seen, status)
            return .notNow
        }
        let outcome = try await locks.withLock(on: seen.path) {
            try await begin(seen, transfer, end)
        }
        if outcome == .notNow { try await departures.nameGone(seen.path) }
        return outcome
    }

    /// Completes a move that a crash or a fault interrupted.
    /// - Throws: ``ArchiveFault``, ``CatalogError``.
    func finish(_ audio: ArchivedAudio) async throws {
        // A recording with a pending deletion is left to the deletion.
        guard let recording = try await catalog.recordings.find(audio.recording, in: .everyone) else {
            return
        }
        let transfer = try await transfer(of: recording)
        try await locks.withLock(on: recording.path) {
            guard let audio = try await catalog.archive.find(recording.id), audio.phase != .kept else {
                return
            }
            try await resume(audio, transfer)
        }
        try await departures.nameGone(recording.path)
    }

    /// As if somebody had touched the file.
    private func ingestAgain(_ recording: Recording, _ status: FileStatus) async throws {
        do {
            try await pipeline.ingest(recording.path, status)
        } catch {
            if let error = error as? CatalogError, error.isRetryable { throw error }
            logger.debug(
                "cannot process file, left to the next scan",
                metadata: ["file": "\(recording.path)", "cause": "\(error)"])
        }
    }

    private func transfer(of recording: Recording) async throws(ArchiveFault) -> ArchiveTransfer {
        let (files, folder) = (files, folder)
        return try await BlockingWork.run { () throws(ArchiveFault) in
            do throws(FileError) {
                return ArchiveTransfer(of: recording, from: files, to: try folder.open())
            } catch {
                throw .archive(error)
            }
        }
    }
}

/// The caller holds the lock of the recording's path.
extension Archiver {
    private func begin(_ seen: Recording, _ transfer: ArchiveTransfer, _ end: Date) async throws -> Outcome {
        // One that was brought back may be in the archive still.
        if let audio = try await catalog.archive.find(seen.id), audio.phase == .kept,
            let copy = try await verified(audio.path, transfer)
        {
            let isBegun = try await catalog.archive.begin(
                seen, at: audio.path, restingSince: end, copy: copy, now: now())
            return isBegun ? try await removeOriginal(transfer, audio.path, copy) : .notNow
        }
        let place = try await BlockingWork.run { () throws(ArchiveFault) in try transfer.freePath() }
        guard try await catalog.archive.begin(seen, at: place, restingSince: end, now: now()) else {
            return .notNow
        }
        do {
            return try await transferAudio(transfer, place)
        } catch let fault as ArchiveFault {
            // Without effect, the recording is as it was at once; otherwise the next pass goes on.
            if let audio = try await catalog.archive.find(seen.id), audio.phase == .intended {
                try? await resume(audio, transfer)
            }
            throw fault
        }
    }

    private func transferAudio(_ transfer: ArchiveTransfer, _ place: InboxPath) async throws -> Outcome {
        let outcome = try await BlockingWork.run { () throws(ArchiveFault) in
            let outcome = try transfer.rename(to: place)
            return outcome == .otherFileSystem ? (try transfer.copy(to: place), true) : (outcome, false)
        }
        switch outcome {
        case (.done(let copy), false): return try await finish(transfer, place, copy, isOriginalGone: true)
        case (.done(let copy), true):
            guard try await catalog.archive.copied(transfer.recording.id, copy, now: now()) else {
                return .notNow
            }
            return try await removeOriginal(transfer, place, copy)
        case (.nameTaken, _), (.otherFileSystem, _), (.sourceChanged, _):
            try await catalog.archive.withdraw(transfer.recording.id)
            return .notNow
        }
    }

    private func removeOriginal(
        _ transfer: ArchiveTransfer, _ place: InboxPath, _ copy: FileIdentity
    ) async throws -> Outcome {
        let isOriginalGone = try await BlockingWork.run { () throws(ArchiveFault) in
            try transfer.removeOriginal()
        }
        return try await finish(transfer, place, copy, isOriginalGone: isOriginalGone)
    }

    private func finish(
        _ transfer: ArchiveTransfer, _ place: InboxPath, _ copy: FileIdentity, isOriginalGone: Bool
    ) async throws -> Outcome {
        let recording = transfer.recording
        guard try await catalog.archive.finish(recording, copy, isOriginalGone: isOriginalGone, now: now())
        else {
            return .notNow
        }
        logger.info(
            "recording archived",
            metadata: [
                "recording": "\(recording.id)", "user": "\(recording.path.user)",
                "file": "\(recording.path)", "size": "\(recording.identity.size)", "archived": "\(place)",
            ])
        return .archived
    }

    private func resume(_ audio: ArchivedAudio, _ transfer: ArchiveTransfer) async throws {
        if let copy = try await verified(audio.path, transfer) {
            guard try await catalog.archive.copied(audio.recording, copy, now: now()) else { return }
            _ = try await removeOriginal(transfer, audio.path, copy)
        } else {
            try await BlockingWork.run { () throws(ArchiveFault) in
                try transfer.store.removeLeftovers(beside: audio.path)
            }
            if audio.phase == .copied {
                logger.error(
                    "archived audio missing or changed, recording left in the inbox",
                    metadata: ["recording": "\(audio.recording)", "file": "\(audio.path)"])
            }
            try await catalog.archive.withdraw(audio.recording)
        }
    }

    private func verified(_ place: InboxPath, _ transfer: ArchiveTransfer) async throws(ArchiveFault)
        -> FileIdentity?
    {
        try await BlockingWork.run { () throws(ArchiveFault) in
            try transfer.store.verified(place, of: transfer.recording)
        }
    }
}
