import KotibText

/// For tests in which the language does not matter: the same in all.
extension Sentence: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        self.init { _ in text }
    }
}
