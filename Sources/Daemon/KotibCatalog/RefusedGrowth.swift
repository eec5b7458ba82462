import KotibModel

/// The growth of an accepted recording that is refused for another reason than a quota: what was accepted
/// stays, with its job and its words, and its row keeps the refusal.
enum RefusedGrowth {
    /// Of these reasons none says anything about the beginning, which was accepted before.
    static let codes: Set<String> = [
        Rejection.tooLarge(size: 0, limit: 0).code, Rejection.tooLong(duration: 0, limit: 0).code,
        Rejection.hardLink.code, Rejection.unreadable.code, Rejection.foreign.code, Rejection.incomplete.code,
    ]
    /// Of these reasons none keeps anybody from reading the file.
    static let codesOfReadable: Set<String> = [
        Rejection.tooLarge(size: 0, limit: 0).code, Rejection.tooLong(duration: 0, limit: 0).code,
        Rejection.incomplete.code,
    ]

    /// For SQL: `'a', 'b'`.
    static let list = codes.sorted().map { "'\($0)'" }.joined(separator: ", ")

    /// SQL of what stays of an error in the row of an accepted recording: `column`, or NULL.
    static func kept(_ column: String) -> String { "CASE WHEN error_code IN (\(list)) THEN \(column) END" }
}

extension Recording {
    /// Whether its file grew, and is refused as it is now; ``errorMessage`` says why.
    public var hasRefusedGrowth: Bool {
        switch state {
        case .pending, .processing, .completed: errorCode.map(RefusedGrowth.codes.contains) ?? false
        case .failed, .rejected: false
        }
    }
}
