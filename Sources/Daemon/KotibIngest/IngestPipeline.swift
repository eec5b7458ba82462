// KotibIngest: the pipeline from a sighting to a row; the one place to read the story.

import Glibc
import KotibCatalog
import KotibHealth
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibText
import KotibTranscription
import KotibWatch
import Logging

/// What becomes of each name that the watcher has seen settle or go.
///
/// A sighting is handled until it is recorded: a full disk or a worker that cannot start makes it wait, which
/// holds back the watcher, and loses nothing.
public struct IngestPipeline: Sendable {
    let files: any FileSystem
    let policy: IntakePolicy
    let inspector: any Inspecting
    let catalog: Catalog
    let sidecars: SidecarWriter
    let queue: TranscriptionQueue
    let language: Language
    /// Whether a new first-level folder becomes a user's inbox by itself.
    let enrolls: Bool
    let quotas: Quotas
    /// Nil where none is set.
    let archive: ArchiveFolder?
    let recovery: Recovery
    let uploads = UploadRoom()
    var patience: Patience
    /// When a file that holds less than it promises is taken as it is.
    let stillness: Stillness
    let logger: Logger

    public init(
        files: any FileSystem, policy: IntakePolicy, inspector: any Inspecting, catalog: Catalog,
        sidecars: SidecarWriter, queue: TranscriptionQueue, language: Language, enrolls: Bool = true,
        quotas: Quotas = Quotas(), archive: ArchiveFolder? = nil, stillness: Stillness = Stillness(),
        board: IssueBoard? = nil, logger: Logger
    ) {
        self.files = files
        self.policy = policy
        self.inspector = inspector
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.language = language
        self.enrolls = enrolls
        self.quotas = quotas
        self.archive = archive
        self.stillness = stillness
        self.logger = logger
        let board = board ?? IssueBoard(logger: logger)
        patience = Patience(board: board, logger: logger)
        recovery = Recovery(
            files: files, catalog: catalog, sidecars: sidecars, queue: queue, archive: archive, board: board,
            logger: logger)
    }

    /// Takes one sighting to its end. Returns early only when the task is cancelled.
    public func handle(_ sighting: Sighting) async {
        if case .settled(let path, let status) = sighting, await isRecorded(path, status) { return }
        await patience.untilDone(about: sighting) {
            switch sighting {
            case .settled(let path, let status): try await settled(path, status)
            case .gone(let path): try await recovery.gone(path)
            case .scanned: try await recovery.reconcile()
            }
        }
    }

    /// Tries again to write the texts that could not be written beside their recordings.
    public func writeWaitingTexts() async throws(CatalogError) {
        guard recovery.board.standing.keys.contains(where: \.isOfWriting) else { return }
        try await recovery.writeAllDue()
    }

    /// Which of the files that a scan came across need nothing done: folders and texts, and what is recorded in
    /// just this state.
    public func isKnown(_ candidates: [InboxWatcher.Candidate]) async -> [Bool] {
        do throws(CatalogError) {
            let recorded = try await catalog.isKnown(candidates.map { ($0.path, $0.status.identity) })
            let edited = try await catalog.isTouchedTranscript(
                candidates.map { ($0.path, $0.status.identity) })
            return candidates.indices.map { index in
                let candidate = candidates[index]
                return recorded[index]
                    || (!edited[index] && policy.judge(candidate.path, candidate.status) == .notARecording)
            }
        } catch {
            logger.error("the catalog does not answer", metadata: ["cause": "\(error)"])
            // Told again, they wait for the catalog one by one.
            return candidates.map { _ in false }
        }
    }

    /// An upload is recorded before the watcher has a word of it; what a scan came across may be by now.
    private func isRecorded(_ path: InboxPath, _ status: FileStatus) async -> Bool {
        // Where the catalog does not answer, the handling waits for it.
        (try? await catalog.isKnown([(path, status.identity)])) == [true]
    }

    func settled(_ path: InboxPath, _ status: FileStatus) async throws {
        let judgement = policy.judge(path, status)
        if judgement != .notARecording, status.kind == .regular,
            let deletion = try await catalog.awaitedDeletion(of: path, status.identity)
        {
            return try await recovery.deletions.arrived(deletion, at: path)
        }
        if judgement != .notARecording, try await isStrangers(path) {
            return try await refuseStranger(path, status.identity)
        }
        switch judgement {
        case .notARecording:
            if status.kind == .regular { try await sidecars.saved(path) }
            if status.kind == .folder { try await recovery.folderStands(at: path) }
        case .refused(let rejection):
            try await refuse(path, status.identity, rejection)
        case .folderSettings:
            try await folderSettings(path, status)
        case .inspect(let fileExtension):
            try await inspect(path, status, fileExtension)
        }
    }

    /// Whether it lies in a folder that an administrator has to make a user's first.
    private func isStrangers(_ path: InboxPath) async throws(CatalogError) -> Bool {
        guard !enrolls, path.depth > 1 else { return false }
        return try await !catalog.isEnrolled(path.user)
    }

    /// Said once, and looked at again in every scan: the folder may be somebody's by then.
    private func refuseStranger(_ path: InboxPath, _ identity: FileIdentity) async throws {
        let known = try await catalog.current(path)
        if known?.identity == identity, known?.errorCode == Rejection.notEnrolled.code { return }
        try await refuse(path, identity, .notEnrolled)
    }

    /// One descriptor from here to the verdict. Where the file changes meanwhile the verdict is thrown away: the
    /// change makes the watcher look again.
    private func inspect(_ path: InboxPath, _ status: FileStatus, _ fileExtension: String) async throws {
        if try await movedUnchanged(path, status.identity) { return }
        let files = files
        let opened: Opened
        do throws(FileError) {
            opened = try await open(path)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: return
            case EACCES, EPERM:
                // Where its folder may not be entered, the watcher tells, and tries again.
                if await isOutOfReach(path) { return }
                return try await refuse(path, status.identity, .unreadable)
            default: throw error
            }
        }
        guard opened.status.identity == status.identity else { return }
        guard opened.isReadable else { return try await refuse(path, status.identity, .foreign) }
        let (file, size, stillness) = (opened.file, status.identity.size, stillness)
        let known = try await catalog.current(path)
        let result = try await inspector.inspect(
            file, of: path.user, fileExtension: fileExtension, size: size, after: known?.facts?.sound,
            takesIncomplete: await BlockingWork.run { stillness.isOver(file, status) })
        let still = try await BlockingWork.run { () throws(FileError) in
            try (files.status(of: file).identity, files.examine(path)?.identity)
        }
        guard still.0 == status.identity, still.1 == status.identity else {
            logger.debug("changed while it was read", metadata: ["file": "\(path)"])
            return
        }
        switch result {
        case .facts(let facts): try await acceptOrWait(path, status.identity, facts, opened.doubt)
        case .refused(let rejection): try await refuse(path, status.identity, rejection)
        }
    }

    private struct Opened: Sendable {
        var file: OpenFile
        var status: FileStatus
        /// Whether the folder's people could have read it themselves.
        var isReadable: Bool
        var doubt: ContentDoubt
    }

    private func open(_ path: InboxPath) async throws(FileError) -> Opened {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            let (file, status) = try files.openForReading(path)
            return Opened(
                file: file, status: status,
                isReadable: try files.isReadableInItsFolder(path, file, status),
                doubt: ContentDoubt(WriterCheck(file)))
        }
    }

    private func isOutOfReach(_ path: InboxPath) async -> Bool {
        let files = files
        return await BlockingWork.run {
            do throws(FileError) {
                return try files.examine(path) == nil
            } catch {
                return true
            }
        }
    }

    /// - Throws: ``Rejection`` where its user's quota has no room for it: nothing was recorded.
    func accept(
        _ path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts, _ doubt: ContentDoubt = .none
    ) async throws -> RecordingID {
        let known = try await catalog.current(path)
        let isSame = known?.isSame(facts, size: identity.size) ?? false
        let isGrown = known?.facts?.sound != nil && known?.facts?.sound == facts.continues
        if isGrown, let known {
            // Its job has heard the beginning alone.
            await queue.end(known.id)
        }
        if !isSame, !isGrown, let id = try await moved(path, identity, facts) { return id }
        if let known, known.audio == .gone { try await sidecars.forgetRemoved(of: known.id) }
        let words = known == nil ? try await standingWords(path) : nil
        let acceptance = try await catalog.accept(
            path, identity: identity, facts: facts, doubt: doubt, under: quotas, adopting: words
        ).get()
        switch acceptance {
        case .unchanged(let id):
            try await sidecars.writeDue(id)
            logger.debug("unchanged", metadata: ["recording": "\(id)", "file": "\(path)"])
            // It may be back from being gone, and still without its words.
            await queue.wake()
            return id
        case .new: break
        case .replaced(_, let old, let notes):
            await queue.cancel(old)
            try await sidecars.remove(notes)
        case .grown(let id, let notes):
            await queue.cancel(id)
            try await sidecars.remove(notes)
        case .readmitted(_, let notes):
            try await sidecars.remove(notes)
        }
        logger.info(
            isGrown ? "recording went on; it is heard anew" : "recording accepted",
            metadata: [
                "recording": "\(acceptance.recording)", "user": "\(ByteText.escaped(path.user))",
                "file": "\(path)", "size": "\(identity.size)", "duration": "\(facts.duration.rounded(to: 2))",
                "codec": "\(facts.codec)",
            ])
        await queue.wake()
        return acceptance.recording
    }

    /// Nil but after a rebuild of the catalog.
    private func standingWords(_ path: InboxPath) async throws(CatalogError) -> StandingWords? {
        guard try await catalog.adoptsTexts(), let words = await sidecars.standingWords(beside: path) else {
            return nil
        }
        logger.notice(
            "the text that stands beside a recording is taken for its words",
            metadata: ["file": "\(path)", "text": "\(words.path)"])
        return words
    }

    /// - Parameter facts: of what only waits for room.
    func refuse(
        _ path: InboxPath, _ identity: FileIdentity, _ rejection: Rejection, knowing facts: AudioFacts? = nil,
        _ doubt: ContentDoubt = .none
    ) async throws {
        guard try await catalog.mayRefuse(path) else {
            return recovery.board.report(
                .tooManyRefused, ["user": "\(ByteText.escaped(path.user))", "file": "\(path)"])
        }
        let sentence = rejection.sentence(about: ByteText.escaped(path.name), in: language)
        let refusal = try await catalog.reject(
            path, identity: identity, rejection: rejection, message: sentence, facts: facts, doubt: doubt)
        guard !refusal.isKept else {
            return logger.info(
                "kept, although it would not be taken now",
                metadata: [
                    "recording": "\(refusal.recording)", "file": "\(path)", "reason": "\(rejection.code)",
                ])
        }
        if let old = refusal.old { await queue.cancel(old) }
        try await sidecars.remove(refusal.notes)
        try await sidecars.writeDue(refusal.recording)
        logger.notice(
            "recording refused",
            metadata: [
                "recording": "\(refusal.recording)", "user": "\(ByteText.escaped(path.user))",
                "file": "\(path)", "size": "\(identity.size)", "reason": "\(rejection.code)",
            ])
    }
}

extension Double {
    /// For people: so many digits behind the point.
    func rounded(to digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
