import KotibModel

/// Traps if the literal is not a valid name.
extension UserFolder: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) {
        guard let folder = UserFolder(name) else { preconditionFailure("\"\(name)\" is no folder's name") }
        self = folder
    }
}
