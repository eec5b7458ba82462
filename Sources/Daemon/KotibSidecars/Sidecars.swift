import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// The parts that keep the files beside recordings. They share one set of locks and one memory of what was
/// logged.
public final class Sidecars: Sendable {
    /// The longest transcript text, in bytes. A longer one is refused in a request and not read from a file.
    public static let longestText = SidecarText.longest

    /// A user's settings, which say which forms of the text they want beside their recordings.
    public typealias SettingsOf = @Sendable (UserID) async throws(CatalogError) -> UserSettings

    /// Held while the words of a recording or the files beside it change: reading words, writing their file
    /// and registering it are one step, or older words could outlast newer ones. Also held to remove a
    /// recording's files.
    ///
    /// Keyed by path and not by recording, because a recording that lay at the path earlier shares its names.
    public let locks: KeyedMutex<InboxPath>
    public let writer: SidecarWriter
    public let editor: SidecarEditor
    public let mover: SidecarMover
    public let intents: IntentRecovery
    /// The notes about saved texts that cannot be read.
    public let problems: TextProblemNotes

    /// - Parameters:
    ///   - settings: asked each time that a transcript is written, so that a change takes effect at the next
    ///     one.
    ///   - wallClock: nanoseconds since 1970, compared with files' times.
    ///   - sleep: waits; to be replaced together with `wallClock`.
    ///   - cannotWrite: called for each text that could not be written, with the error. Returns true where it
    ///     reported the error, false where a line is to be logged.
    ///   - limits: the quota of users who have none of their own; edited text counts towards it.
    ///   - warningSentence: the line of `X.note.txt` for a warning.
    ///   - textSentence: the content of the note about a text that cannot be read.
    ///   - growthSentence: the content of `X.rejected.txt` about a recording that grew beyond the quota, from
    ///     its name.
    ///   - failureSentence: the content of `X.failed.txt`, from the recording's name and the cause.
    public init(
        files: any FileSystem, catalog: Catalog, logger: Logger,
        settings: @escaping SettingsOf = { _ in UserSettings() },
        wallClock: @escaping @Sendable () -> Int64 = Sidecars.systemTime,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        cannotWrite: @escaping @Sendable (InboxPath, FileError) -> Bool = { _, _ in false },
        limits: Quota = Quota(),
        warningSentence: @escaping @Sendable (RecordingWarning) -> String = { $0.code.rawValue },
        textSentence: @escaping @Sendable (_ name: String, _ problem: TextProblem) -> String = {
            "\($0): \($1)"
        },
        growthSentence: @escaping @Sendable (_ name: String) -> String = { "\($0): no room for the rest" },
        failureSentence: @escaping @Sendable (_ name: String, _ cause: String) -> String
    ) {
        let store = SidecarStore(files: files, catalog: catalog, cannotWrite: cannotWrite, logger: logger)
        let composer = SidecarComposer(
            catalog: catalog, settings: settings, warningSentence: warningSentence,
            growthSentence: growthSentence, failureSentence: failureSentence, logger: logger)
        locks = store.locks
        intents = IntentRecovery(store: store)
        problems = TextProblemNotes(store: store, intents: intents, sentence: textSentence)
        let ownership = TextOwnership(store: store, wallClock: wallClock)
        let reader = EditReader(
            store: store, ownership: ownership, problems: problems, wallClock: wallClock, limits: limits)
        writer = SidecarWriter(
            store: store, intents: intents, edits: reader, problems: problems, composer: composer)
        editor = SidecarEditor(store: store, edits: reader, writer: writer, sleep: sleep)
        mover = SidecarMover(
            store: store, ownership: ownership, intents: intents, edits: reader, writer: writer)
    }

    /// Nanoseconds since 1970.
    public static func systemTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileStatus.nanoseconds(time)
    }
}
