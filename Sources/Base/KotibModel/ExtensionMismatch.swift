/// A file name extension that does not fit the content. It does not make the words doubtful, since the
/// content is recognized by its bytes. Computed from the catalog's data, so that it disappears when the file
/// is renamed.
public struct ExtensionMismatch: Hashable, Sendable {
    /// In the API and in logs, beside the codes of ``RecordingWarning``.
    public static let code = "wrong_ending"

    /// The ending that would fit.
    public var right: AudioFileExtension

    /// Nil if the name fits, if the content is not known, or if a file with a better extension would be
    /// refused.
    /// - Parameters:
    ///   - name: the file name extension, without the dot.
    ///   - accepted: the accepted extensions.
    public init?(_ facts: AudioFacts, named name: String, accepted: Set<AudioFileExtension>) {
        guard let named = AudioFileExtension(name), named.container != facts.container,
            let usual = AudioFileExtension(container: facts.container, mediaType: facts.mediaType)
        else { return nil }
        let fitting = [usual] + AudioFileExtension.allCases.filter { $0.container == facts.container }
        guard let right = fitting.first(where: accepted.contains) else { return nil }
        self.right = right
    }
}
