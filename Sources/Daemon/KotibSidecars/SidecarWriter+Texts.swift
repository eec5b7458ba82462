import KotibCatalog
import KotibModel
import Logging

/// What the files beside a recording say.
extension SidecarWriter {
    /// One file to be written.
    struct Text {
        var kind: SidecarKind
        var content: [UInt8]
        var words: [UInt8]?

        init(_ kind: SidecarKind, _ text: String) {
            self.kind = kind
            content = Array(text.utf8)
        }
    }

    /// What should stand beside a recording as it is now: its words, whenever it has some, and why there are none, or
    /// no newer ones. Beside the place of one that is not there, the words alone.
    func texts(of recording: Recording) async throws(CatalogError) -> [Text] {
        let transcript = try await catalog.transcript(of: recording.id)
        var texts = try await words(of: recording, transcript)
        guard recording.audio == .present else { return texts }
        if let transcript, let remark = try await remark(on: recording, transcript) { texts.append(remark) }
        switch recording.state {
        case .rejected: return texts + (recording.errorMessage.map { [Text(.rejected, $0 + "\n")] } ?? [])
        case .failed:
            let name = ByteText.escaped(recording.path.name)
            return texts + [Text(.failed, failureSentence(name, recording.errorMessage ?? "") + "\n")]
        case .pending, .processing, .completed: return texts
        }
    }

    /// Where the engine gave no words. A person who emptied a text knows why it is empty.
    private func remark(
        on recording: Recording, _ transcript: Transcript
    ) async throws(CatalogError) -> Text? {
        guard transcript.text.allSatisfy(\.isWhitespace), !recording.warnings.isEmpty,
            try await catalog.revision(nil, of: recording.id, in: .everyone)?.origin == .engine
        else { return nil }
        return Text(.remark, recording.warnings.map { warningSentence($0) + "\n" }.joined())
    }

    private func words(
        of recording: Recording, _ transcript: Transcript?
    ) async throws(CatalogError) -> [Text] {
        guard let transcript else { return [] }
        var wanted = UserSettings().sidecars
        if let user = recording.user { wanted = try await settings(user).sidecars }
        return wanted.compactMap { text(of: recording, transcript, as: $0) }
    }

    private func text(
        of recording: Recording, _ transcript: Transcript, as format: TranscriptFormat
    ) -> Text? {
        guard format != .txt else {
            var text = Text(.transcript, transcript.text + "\n")
            text.words = SidecarText.hash(transcript.text)
            return text
        }
        let document = TranscriptDocument(
            title: ByteText.escaped(recording.path.name), text: transcript.text,
            segments: transcript.segments, language: transcript.language,
            duration: recording.facts?.duration)
        do {
            return Text(SidecarKind(format), try document.rendered(as: format))
        } catch {
            logger.error(
                "a transcript cannot be written in a format; it is left out",
                metadata: [
                    "recording": "\(recording.id)", "format": "\(format.rawValue)", "cause": "\(error)",
                ])
            return nil
        }
    }
}
