import HTTPTypes
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import KotibTranscription

extension AudioRecordBody {
    /// - Parameters:
    ///   - progress: between 0 and 1 while it is being transcribed.
    ///   - endings: of names, those that are taken.
    ///   - messages: what warnings are told in.
    init(
        _ entry: LibraryEntry, progress: Double? = nil, endings: Set<AudioFileExtension>,
        in messages: Language
    ) {
        let recording = entry.recording
        let name = ByteText.escaped(recording.path.name)
        self.init(
            id: recording.id.rawValue, userID: recording.user?.rawValue, fileName: name,
            originalFilename: name,
            filePath: recording.path.text, fileSize: recording.identity.size,
            duration: recording.facts?.duration, transcriptText: entry.text,
            transcriptionStatus: recording.state.rawValue, createdAt: Timestamp.text(recording.created),
            updatedAt: Timestamp.text(recording.updated), audioState: recording.audio.rawValue)
        userName = entry.userFolder?.text
        language = recording.language
        engine = recording.engine
        model = recording.model
        errorCode = recording.errorCode
        errorMessage =
            recording.errorCode.flatMap(Sentence.init(ofCode:))?.text(in: messages) ?? recording.errorMessage
        var warnings = recording.warnings.map { WarningBody($0, in: messages) }
        if recording.state == .completed, let ending = recording.extensionMismatch(accepted: endings) {
            warnings.append(WarningBody(ending, in: messages))
        }
        self.warnings = warnings.isEmpty ? nil : warnings
        completedAt = recording.completed.map(Timestamp.text)
        archivedAt = entry.archived.map(Timestamp.text)
        revision = entry.revision?.rawValue
        self.progress = progress
        snippet =
            entry.snippet.isEmpty
            ? nil : entry.snippet.map { SnippetPartBody(text: $0.text, isMatch: $0.isMatch) }
    }
}

extension Sentence {
    /// The sentence of an error whose code says everything: the catalog stores it in English. Others are
    /// stored in the language of notes, since their details are nowhere else.
    fileprivate init?(ofCode code: String) {
        switch code {
        case "superseded": self = .superseded
        case "interrupted": self = .interrupted(JobStore.maxInterruptions + 1)
        case "catalog": self = .notStored
        default: return nil
        }
    }
}

extension WarningBody {
    init(_ warning: RecordingWarning, in language: Language) {
        self.init(
            code: warning.code.rawValue, message: warning.sentence(in: language), seconds: warning.seconds)
    }

    init(_ ending: ExtensionMismatch, in language: Language) {
        self.init(code: ExtensionMismatch.code, message: ending.sentence(in: language), seconds: nil)
    }
}

extension RevisionBody {
    init(_ revision: Revision) {
        self.init(
            id: revision.id.rawValue, origin: revision.origin.rawValue,
            author: revision.authorFolder?.text, createdAt: Timestamp.text(revision.created),
            text: revision.text)
    }
}

extension ControlDependencies {
    /// The progress of all running jobs, between 0 and 1 each.
    func progress() async -> [RecordingID: Double] {
        let running = await queue.running()
        return Dictionary(running.map { ($0.recording, $0.fraction) }, uniquingKeysWith: max)
    }
}
