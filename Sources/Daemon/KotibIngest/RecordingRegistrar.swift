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

/// Records accepted and refused files in the catalog, and updates the queue and the sidecars accordingly.
package struct RecordingRegistrar: Sendable {
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let queue: TranscriptionQueue
    private let moves: MoveTracker
    private let quotas: Quotas
    /// Of notes.
    private let language: Language
    private let board: IssueBoard
    private let logger: Logger

    package init(
        catalog: Catalog, sidecars: Sidecars, queue: TranscriptionQueue, moves: MoveTracker,
        quotas: Quotas, language: Language, board: IssueBoard, logger: Logger
    ) {
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.moves = moves
        self.quotas = quotas
        self.language = language
        self.board = board
        self.logger = logger
    }

    /// - Throws: ``Rejection`` where its user's quota has no room for it: nothing was recorded.
    package func accept(
        _ path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts, _ doubt: ContentDoubt = .none
    ) async throws -> RecordingID {
        let known = try await catalog.recordings.current(path)
        let isSame = known?.isSame(facts, size: identity.size) ?? false
        let isGrown = known?.facts?.sound != nil && known?.facts?.sound == facts.continues
        if !isSame, !isGrown, let id = try await moves.move(to: path, identity, facts) { return id }
        if let known, known.audio == .gone { try await sidecars.writer.forgetRemoved(of: known.id) }
        let words = known == nil ? try await existingText(path) : nil
        let acceptance = try await catalog.ingest.accept(
            path, identity: identity, facts: facts, doubt: doubt, under: quotas, adopting: words
        ).get()
        switch acceptance {
        case .unchanged(let id):
            try await sidecars.editor.readSaved(beside: id)
            try await sidecars.writer.writeDue(id)
            logger.debug("recording unchanged", metadata: ["recording": "\(id)", "file": "\(path)"])
            // It may be back from being gone, and still without its words.
            await queue.wake()
            return id
        case .new: break
        case .replaced(_, let old, let notes):
            await queue.cancel(old)
            try await sidecars.writer.remove(notes)
        case .grown(_, let notes), .readmitted(_, let notes):
            // A running job ends with the words of the beginning.
            try await sidecars.writer.remove(notes)
        }
        logger.info(
            isGrown ? "recording grew, transcribing again" : "recording accepted",
            metadata: [
                "recording": "\(acceptance.recording)", "user": "\(path.user)",
                "file": "\(path)", "size": "\(identity.size)", "duration": "\(facts.duration.rounded(to: 2))",
                "codec": "\(facts.codec)",
            ])
        await queue.wake()
        return acceptance.recording
    }

    /// Nil except after a rebuild of the catalog.
    private func existingText(_ path: InboxPath) async throws(CatalogError) -> ExistingText? {
        guard try await catalog.adoption.adoptsTexts(),
            let words = await sidecars.editor.existingText(beside: path)
        else {
            return nil
        }
        logger.notice(
            "existing text adopted as transcript",
            metadata: ["file": "\(path)", "text": "\(words.path)"])
        return words
    }

    /// A good recording that exceeds its user's quota stays in the folder with a note, and its facts are
    /// kept: as soon as there is room it is accepted without being decoded again.
    func acceptOrRefuse(
        _ path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts, _ doubt: ContentDoubt
    ) async throws {
        do {
            _ = try await accept(path, identity, facts, doubt)
        } catch let rejection as Rejection {
            try await refuse(path, identity, rejection, facts: facts, doubt)
        }
    }

    /// - Parameter facts: of a recording that only waits for room in a quota.
    func refuse(
        _ path: InboxPath, _ identity: FileIdentity, _ rejection: Rejection, facts: AudioFacts? = nil,
        _ doubt: ContentDoubt = .none
    ) async throws {
        guard try await catalog.refusals.mayRefuse(path) else {
            return board.report(
                .tooManyRejectedFiles, ["user": "\(path.user)", "file": "\(path)"])
        }
        let sentence = rejection.sentence(about: ByteText.escaped(path.name), in: language)
        let refusal = try await catalog.ingest.reject(
            path, identity: identity, rejection: rejection, message: sentence, facts: facts, doubt: doubt)
        guard !refusal.isKept else {
            return logger.info(
                "recording kept although it would be refused now",
                metadata: [
                    "recording": "\(refusal.recording)", "file": "\(path)", "reason": "\(rejection.code)",
                ])
        }
        if let old = refusal.old { await queue.cancel(old) }
        try await sidecars.writer.remove(refusal.notes)
        try await sidecars.writer.writeDue(refusal.recording)
        logger.notice(
            refusal.isOfGrowth
                ? "recording grew and is refused; what was accepted stays"
                : refusal.waitsToGrow
                    ? "recording grew beyond the quota; the added part waits" : "recording refused",
            metadata: [
                "recording": "\(refusal.recording)", "user": "\(path.user)",
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
