/// A name that ends otherwise than those of recordings of its kind. The bytes say what a file is, so that
/// this is no doubt about the words; and it is found out of what the catalog holds, so that it goes when the
/// file is renamed.
public struct WrongEnding: Hashable, Sendable {
    /// In the API and in logs, where it stands among the codes of ``RecordingWarning``.
    public static let code = "wrong_ending"

    /// The ending that would fit.
    public var right: RecordingEnding

    /// Nil where the name fits, where nothing better is known than the name, and where a file with a better
    /// ending would be refused.
    /// - Parameters:
    ///   - name: the ending of the file's name, without the dot.
    ///   - accepted: the endings that are taken.
    public init?(_ facts: AudioFacts, named name: String, accepted: Set<RecordingEnding>) {
        guard let named = RecordingEnding(name), named.container != facts.container,
            let usual = RecordingEnding(container: facts.container, mediaType: facts.mediaType)
        else { return nil }
        let fitting = [usual] + RecordingEnding.allCases.filter { $0.container == facts.container }
        guard let right = fitting.first(where: accepted.contains) else { return nil }
        self.right = right
    }
}
