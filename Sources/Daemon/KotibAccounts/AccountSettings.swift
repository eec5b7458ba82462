import KotibCatalog
import KotibModel

/// The settings of accounts.
public struct AccountSettings: Sendable {
    /// How the numbers begin that codes are sent to; `+` for all.
    public var countries = ["+998"]
    /// Get the role of an admin at the start and at each login; taking a number off the list takes no role
    /// away, `kotibctl user role` does.
    public var admins: [PhoneNumber] = []
    public var limits = CodeLimits()
    public var codeLife = Duration.seconds(300)
    public var tokenLife = Duration.seconds(43_200 * 60)
    public var text = SMSText()
    /// Those that a user may be given.
    public var engines = EngineName.allCases

    public init() {}
}
