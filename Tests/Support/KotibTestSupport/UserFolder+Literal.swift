import KotibModel

/// Traps where the literal is no name.
extension UserFolder: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) {
        guard let folder = UserFolder(name) else { preconditionFailure("\"\(name)\" is no folder's name") }
        self = folder
    }
}
