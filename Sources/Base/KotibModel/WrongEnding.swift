/// A name that ends otherwise than those of recordings of its kind. The bytes say what a file is, so that
/// this is no doubt about the words; and it is found out of what the catalog holds, so that it goes when the
/// file is renamed.
public struct WrongEnding: Hashable, Sendable {
    /// In the API and in logs, where it stands among the codes of ``RecordingWarning``.
    public static let code = "wrong_ending"

    /// The ending that would fit.
    public var right: RecordingEnding

    /// Nil where the name fits, or where nothing better is known than the name.
    /// - Parameter name: the ending of the file's name, without the dot.
    public init?(_ facts: AudioFacts, named name: String) {
        guard let named = RecordingEnding(name), named.container != facts.container,
            let right = RecordingEnding(container: facts.container, mediaType: facts.mediaType)
        else { return nil }
        self.right = right
    }
}
