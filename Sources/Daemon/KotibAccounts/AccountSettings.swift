import KotibCatalog
import KotibModel

/// The settings of accounts.
public struct AccountSettings: Sendable {
    /// Prefixes of numbers that codes are sent to; `+` for all.
    public var countries = ["+998"]
    /// Numbers that get the role of an admin at start and at each login. Removing a number takes no role
    /// away; `kotibctl user role` does.
    public var admins: [PhoneNumber] = []
    public var limits = CodeLimits()
    public var codeLife = Duration.seconds(300)
    public var tokenLife = Duration.seconds(43_200 * 60)
    public var text = CodeMessage()
    /// Those that a user may be given.
    public var engines = EngineName.allCases

    public init() {}
}
