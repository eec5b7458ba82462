import KotibText

/// For tests in which the language does not matter: one sentence for all languages.
extension Sentence: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        self.init { _ in text }
    }
}
