import KotibCatalog
import KotibCrypto
import KotibModel
import Logging

/// The content of one file beside a recording.
struct SidecarContent: Sendable {
    var kind: SidecarKind
    var bytes: [UInt8]
    /// The hash of a transcript's text (``SidecarText/hash(_:)``); nil for any other kind.
    var words: [UInt8]?

    init(_ kind: SidecarKind, _ text: String) {
        self.kind = kind
        bytes = Array(text.utf8)
    }

    /// The intent to write this at `path`.
    func intent(at path: InboxPath, of id: RecordingID) -> SidecarIntent {
        SidecarIntent(
            recording: id, kind: kind, path: path, content: SHA256.hash(bytes), words: words)
    }
}

/// Composes the content of the files beside a recording.
struct SidecarComposer: Sendable {
    let catalog: Catalog
    let settings: Sidecars.SettingsOf
    let warningSentence: @Sendable (RecordingWarning) -> String
    let growthSentence: @Sendable (_ name: String) -> String
    let failureSentence: @Sendable (_ name: String, _ cause: String) -> String
    let logger: Logger

    /// The files that should stand beside a recording in its present state: its words in the forms that its
    /// user wants, and a note why there are none, or no newer ones. For a recording whose audio is gone, the
    /// words alone.
    func contents(of recording: Recording) async throws(CatalogError) -> [SidecarContent] {
        let transcript = try await catalog.recordings.transcript(of: recording.id)
        var contents = try await words(of: recording, transcript)
        guard recording.audio == .present else { return contents }
        if let transcript, let remark = try await remark(on: recording, transcript) {
            contents.append(remark)
        }
        if try await catalog.quotas.waitsToGrow(recording.id) {
            let sentence = growthSentence(ByteText.escaped(recording.path.name))
            contents.append(SidecarContent(.rejected, sentence + "\n"))
        } else if recording.hasRefusedGrowth, let sentence = recording.errorMessage {
            contents.append(SidecarContent(.rejected, sentence + "\n"))
        }
        switch recording.state {
        case .rejected:
            return contents + (recording.errorMessage.map { [SidecarContent(.rejected, $0 + "\n")] } ?? [])
        case .failed:
            let name = ByteText.escaped(recording.path.name)
            let sentence = failureSentence(name, recording.errorMessage ?? "")
            return contents + [SidecarContent(.failed, sentence + "\n")]
        case .pending, .processing, .completed: return contents
        }
    }

    /// The note about an empty transcript. None where a person emptied the text.
    private func remark(
        on recording: Recording, _ transcript: Transcript
    ) async throws(CatalogError) -> SidecarContent? {
        guard transcript.text.allSatisfy(\.isWhitespace), !recording.warnings.isEmpty,
            try await catalog.revisions.find(nil, of: recording.id, in: .everyone)?.origin == .engine
        else { return nil }
        return SidecarContent(.remark, recording.warnings.map { warningSentence($0) + "\n" }.joined())
    }

    private func words(
        of recording: Recording, _ transcript: Transcript?
    ) async throws(CatalogError) -> [SidecarContent] {
        guard let transcript else { return [] }
        var wanted = UserSettings().sidecars
        if let user = recording.user { wanted = try await settings(user).sidecars }
        return wanted.compactMap { words(of: recording, transcript, as: $0) }
    }

    private func words(
        of recording: Recording, _ transcript: Transcript, as format: TranscriptFormat
    ) -> SidecarContent? {
        guard format != .txt else {
            var content = SidecarContent(.transcript, transcript.text + "\n")
            content.words = SidecarText.hash(transcript.text)
            return content
        }
        let document = TranscriptDocument(
            title: ByteText.escaped(recording.path.name), text: transcript.text,
            segments: transcript.segments, language: transcript.language,
            duration: recording.facts?.duration)
        do {
            return SidecarContent(SidecarKind(format), try document.rendered(as: format))
        } catch {
            logger.error(
                "cannot render transcript, format skipped",
                metadata: [
                    "recording": "\(recording.id)", "format": "\(format.rawValue)", "cause": "\(error)",
                ])
            return nil
        }
    }
}
