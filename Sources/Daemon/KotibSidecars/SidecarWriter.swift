import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Writes what is due beside a recording, and removes what is no longer true.
///
/// The one write path for sidecars: after a transcription, after a refusal, and in recovery. Safe to run at any
/// time and any number of times: what the catalog calls due is written, what is written is registered.
public struct SidecarWriter: Sendable {
    /// How long a file must have stood still before its words are taken unasked: nanoseconds.
    static let quiet: Int64 = 1_000_000_000

    /// What a user wants beside their recordings.
    public typealias SettingsOf = @Sendable (UserID) async throws(CatalogError) -> UserSettings

    let files: any FileSystem
    let catalog: Catalog
    let settings: SettingsOf
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64
    let sleep: @Sendable (Duration) async throws -> Void
    let failureSentence: @Sendable (_ name: String, _ cause: String) -> String
    let warningSentence: @Sendable (RecordingWarning) -> String
    let textSentence: @Sendable (_ name: String, _ problem: TextProblem) -> String
    let cannotWrite: @Sendable (InboxPath, FileError) -> Bool
    let limits: Quota
    let logger: Logger
    let unreadable = UnreadableTexts()
    /// Texts that wait because a program has them open for writing.
    let held = ToldTexts()
    /// Recordings beside which other people's files have all names of a text.
    let placeless = ToldTexts()
    /// Whoever else removes a recording's files takes a turn here.
    public let turns = RecordingTurns()

    /// - Parameters:
    ///   - settings: asked each time that a transcript is written, so that a change holds for what comes then.
    ///   - wallClock: nanoseconds since 1970, to compare with files' times.
    ///   - sleep: waits; to be replaced together with `wallClock`.
    ///   - cannotWrite: told of each text that could not be written, and why; true where that is all that is to be
    ///     told, false where the log is to have a line.
    ///   - limits: what a user may have who has nothing of their own: what people write counts too.
    ///   - warningSentence: what `X.note.txt` says of each warning.
    ///   - textSentence: what the note about a text says that cannot be taken in.
    ///   - failureSentence: what `X.failed.txt` says, from the recording's name and the cause.
    public init(
        files: any FileSystem, catalog: Catalog, logger: Logger,
        settings: @escaping SettingsOf = { _ in UserSettings() },
        wallClock: @escaping @Sendable () -> Int64 = SidecarWriter.systemTime,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        cannotWrite: @escaping @Sendable (InboxPath, FileError) -> Bool = { _, _ in false },
        limits: Quota = Quota(),
        warningSentence: @escaping @Sendable (RecordingWarning) -> String = { $0.code.rawValue },
        textSentence: @escaping @Sendable (_ name: String, _ problem: TextProblem) -> String = {
            "\($0): \($1)"
        },
        failureSentence: @escaping @Sendable (_ name: String, _ cause: String) -> String
    ) {
        self.files = files
        self.catalog = catalog
        self.settings = settings
        self.wallClock = wallClock
        self.sleep = sleep
        self.warningSentence = warningSentence
        self.failureSentence = failureSentence
        self.textSentence = textSentence
        self.cannotWrite = cannotWrite
        self.limits = limits
        self.logger = logger
    }

    /// Writes everything that is due; what cannot be written now stays due.
    public func writeAllDue() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.dueSidecars(after: last, limit: 100)
            guard let end = page.last else { return }
            for recording in page { try await writeUnlessItsOwnFault(recording) }
            last = end.id
        }
    }

    /// One recording's row that cannot be read hides no other.
    private func writeUnlessItsOwnFault(_ recording: Recording) async throws(CatalogError) {
        do throws(CatalogError) {
            try await writeDue(recording.id)
        } catch {
            if error.isRetryable { throw error }
            tellThatItStaysDue(recording.id, error)
        }
    }

    /// Writes what is due beside one recording.
    public func writeDue(_ id: RecordingID) async throws(CatalogError) {
        _ = try await takeTurn(of: id) { () async throws(CatalogError) in try await write(id) }
    }

    /// Runs `body` with the turn at a recording's path, also where that became another while this waited.
    /// - Returns: nil where there is no such recording.
    func takeTurn<Value: Sendable>(
        of id: RecordingID, _ body: () async throws(CatalogError) -> Value
    ) async throws(CatalogError) -> Value? {
        while let path = try await catalog.recording(id)?.path {
            let value: Value? = try await turns.take(at: path) { () async throws(CatalogError) in
                guard try await catalog.recording(id)?.path == path else { return nil }
                return try await body()
            }
            if let value { return value }
        }
        return nil
    }

    /// After a transcription: as ``writeDue(_:)``; what the catalog cannot tell now, the next scan writes.
    public func settled(_ id: RecordingID) async {
        do throws(CatalogError) {
            try await writeDue(id)
        } catch {
            tellThatItStaysDue(id, error)
        }
    }

    func tellThatItStaysDue(_ id: RecordingID, _ error: CatalogError) {
        logger.error("a text stays due", metadata: ["recording": "\(id)", "cause": "\(error)"])
    }

    /// With the turn: writes what is due beside one recording.
    /// - Parameter isAsked: whether somebody wants it there although the recording itself is not.
    /// - Returns: whether anything stands there now.
    @discardableResult
    func write(_ id: RecordingID, isAsked: Bool = false) async throws(CatalogError) -> Bool {
        // What is being deleted gets nothing more.
        guard let before = try await catalog.recording(id, in: .everyone), before.sidecarDue != nil else {
            return false
        }
        // Until its texts have followed it none is written: there would be two.
        guard try await !catalog.isMoving(id) else { return false }
        try await settleIntents(of: id)
        try await takeEdits(at: before.path)
        // What was taken in makes the newer words due.
        guard let recording = try await catalog.recording(id), let due = recording.sidecarDue else {
            return false
        }
        let isExpected = isAsked || recording.audio == .present
        let texts = try await texts(of: recording)
        var (written, isDone): ([SidecarKind: InboxPath], Bool) = ([:], true)
        for text in texts {
            switch try await write(text, beside: recording, isExpected) {
            case .written(let path): written[text.kind] = path
            case .absent: continue
            case .folderGone:
                try await leave(recording, due)
                return false
            case .later: isDone = false
            }
        }
        if isDone || !written.isEmpty {
            let isRemoved = try await removeStale(beside: recording, Set(texts.map(\.kind)), written)
            isDone = isDone && isRemoved
        }
        if isDone { try await catalog.sidecarWaived(id, due: due) }
        return !written.isEmpty
    }

    private enum Done {
        case written(InboxPath)
        /// Nothing is to be written.
        case absent
        case folderGone
        /// It stays due.
        case later
    }

    /// - Parameter isExpected: whether it is to be there where there is none yet.
    private func write(
        _ text: Text, beside recording: Recording, _ isExpected: Bool
    ) async throws(CatalogError) -> Done {
        for path in try await places(for: text.kind, beside: recording, isExpected) {
            try await settleIntent(at: path)
            let owned = try await catalog.owner(ofSidecar: path)
            let isOthers = owned.map { $0.recording != recording.id } ?? false
            // Somebody takes it to its own place, or a later scan does.
            if isOthers, let owned, try await catalog.isMoving(owned.recording) { return .later }
            var place = SidecarPlace(
                files: files, path: path, owned: owned, recording: text.kind.isNote ? nil : recording.path,
                words: text.words)
            place.isOnlyUpdated = !isExpected
            if recording.audio == .present { place.beside = (recording.path, recording.identity.device) }
            if isOthers, let owned { place.isKept = try await holdsPersonsWords(owned) }
            switch try await put(text, place, of: recording.id) {
            case .occupied, .absent: continue
            case .folderGone: return .folderGone
            case .away, .heldOpen: return .later
            case .beingEdited(let identity):
                // Who edits an older recording's words does not make this one's wait, nor does what is no text.
                if isOthers || unreadable.problem(path, identity) != nil { continue }
                return .later
            case .written(let identity):
                let sidecar = Sidecar(
                    recording: recording.id, kind: text.kind, path: path, identity: identity,
                    words: text.words)
                try await catalog.sidecarWritten(sidecar, due: nil)
                placeless.remove(recording.path)
                return .written(path)
            case nil: return .later
            }
        }
        guard isExpected else { return .absent }
        tellThatThereIsNoPlace(recording)
        return .later
    }

    /// Each scan comes by: it is told once.
    func tellThatThereIsNoPlace(_ recording: Recording) {
        _ = cannotWrite(recording.path, .occupied(path: recording.path.text))
        guard placeless.insert(recording.path) else { return }
        logger.warning(
            "no place for a text: files of other people have both its names; it stays due",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
    }
}

extension SidecarWriter {
    /// The names to try: first the one that this recording has, so that it never has two. Beside the place of one
    /// that is not there, no other: somebody else's words may belong there.
    private func places(
        for kind: SidecarKind, beside recording: Recording, _ isExpected: Bool
    ) async throws(CatalogError) -> [InboxPath] {
        let candidates = SidecarName.candidates(for: recording.path, kind: kind)
        let own = try await catalog.ownedSidecars(of: recording.id).filter { $0.kind == kind }.map(\.path)
        guard isExpected else { return own }
        return candidates.filter(own.contains) + candidates.filter { !own.contains($0) }
    }

    /// Whether `sidecar`, which another recording has, tells what a person wrote.
    func holdsPersonsWords(_ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        guard sidecar.kind == .transcript else { return false }
        let shown = try await catalog.revision(nil, of: sidecar.recording, in: .everyone)
        return shown.map { $0.origin != .engine } ?? false
    }

    /// With the turn. Nil where it cannot be written now.
    func put(
        _ text: Text, _ place: SidecarPlace, of id: RecordingID
    ) async throws(CatalogError) -> SidecarPlace.Outcome? {
        let (content, path) = (text.content, place.path)
        let look = await attempt(path) { () throws(FileError) in try place.look(for: content) }
        let old: FileStatus?
        switch look {
        case nil: return nil
        case .done(let outcome): return outcome
        case .free(let status): old = status
        }
        try await catalog.intend(Self.intent(text, at: path, of: id))
        let outcome = await attempt(path) { () throws(FileError) in
            try place.write(content, replacing: old)
        }
        switch outcome {
        case .written: held.remove(path)
        // What came of it is seen before the next try.
        case nil: break
        case .heldOpen:
            try await catalog.withdrawIntent(at: path)
            tellThatItIsOpen(path)
        default: try await catalog.withdrawIntent(at: path)
        }
        return outcome
    }

    private func attempt<Value: Sendable>(
        _ path: InboxPath, _ step: @escaping @Sendable () throws(FileError) -> Value
    ) async -> Value? {
        do throws(FileError) {
            return try await BlockingWork.run(step)
        } catch {
            if !cannotWrite(path, error) { warn("a text could not be written; it stays due", path, error) }
            return nil
        }
    }

    /// When the program closes it the watcher tells, and what is due is written.
    func tellThatItIsOpen(_ path: InboxPath) {
        guard held.insert(path) else { return }
        logger.notice(
            "a text waits: a program has it open for writing", metadata: ["file": "\(path)"])
    }

    public static func systemTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileStatus.nanoseconds(time)
    }

    /// Once something stands there, what says something else goes: texts of forms that are not wanted any more, a
    /// second one of a form that is, and notes that are not true. By name too, since they may be of a recording that
    /// lay there before; only of that one's text, which a person may have corrected, the new one takes the place.
    /// - Returns: false where something could not be removed.
    private func removeStale(
        beside recording: Recording, _ wanted: Set<SidecarKind>, _ written: [SidecarKind: InboxPath]
    ) async throws(CatalogError) -> Bool {
        var standing = try await catalog.ownedSidecars(of: recording.id)
        if recording.audio == .present { standing += try await derived(at: recording.path, wanted) }
        return try await clear(
            standing.filter { sidecar in
                guard !tellsOfText(sidecar, beside: recording.path) else { return false }
                guard wanted.contains(sidecar.kind) else { return true }
                return written[sidecar.kind].map { $0 != sidecar.path } ?? false
            })
    }

    /// Notes and, where there are words now, other forms than the text.
    private func derived(
        at recording: InboxPath, _ wanted: Set<SidecarKind>
    ) async throws(CatalogError) -> [Sidecar] {
        let hasWords = wanted.contains { !$0.isNote }
        var derived: [Sidecar] = []
        for kind in SidecarKind.allCases where kind.isNote || (hasWords && kind != .transcript) {
            for name in SidecarName.candidates(for: recording, kind: kind) {
                if let sidecar = try await catalog.owner(ofSidecar: name), sidecar.kind == kind {
                    derived.append(sidecar)
                }
            }
        }
        return derived
    }

    /// A folder that is moved away may be back before anybody noticed: what is due stays so until the recording is
    /// known to be gone. The catalog has the words.
    private func leave(_ recording: Recording, _ due: SidecarDue) async throws(CatalogError) {
        guard recording.audio == .present else {
            return try await catalog.sidecarWaived(recording.id, due: due)
        }
        logger.warning(
            "the folder is gone; the text is kept in the catalog",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
    }

    func warn(_ message: Logger.Message, _ path: InboxPath, _ error: FileError) {
        var metadata: Logger.Metadata = ["file": "\(path)", "cause": "\(error)"]
        if let advice = error.advice { metadata["advice"] = "\(advice)" }
        logger.warning(message, metadata: metadata)
    }
}
