import Glibc
import KotibAccounts
import KotibCatalog
import KotibControlServer
import KotibHTTP
import KotibModel
import KotibPOSIX
import KotibText
import Logging

/// The settings as accounts and the control socket take them.
extension Configuration {
    var accountSettings: AccountSettings {
        var settings = AccountSettings()
        settings.countries = accounts.countries
        settings.admins = accounts.admins.compactMap { PhoneNumber($0) }
        settings.limits.codesPerPhone = accounts.codesPerPhone
        settings.limits.codesPerPeer = accounts.codesPerPeer
        settings.limits.codesPerMinute = accounts.codesPerMinute
        settings.limits.messagesPerDay = accounts.messagesPerDay
        settings.tokenLife = .seconds(accounts.tokenLife * 60)
        settings.text = SMSText(language: sms.language, template: sms.text)
        settings.engines = engines
        return settings
    }

    /// The configured secret, or the one in the state folder. Blocks.
    func signingSecret() throws(SecretError) -> SigningSecret {
        accounts.secret.isEmpty
            ? try SigningSecret(file: state + "/secret") : try SigningSecret(configured: accounts.secret)
    }

    func makeSMSSender(_ logger: Logger) throws -> any SMSSender {
        switch smsSender {
        case .auto, .file: return FileSender(path: smsFile)
        case .command:
            return CommandSender(
                program: sms.command.first ?? "", arguments: Array(sms.command.dropFirst()), logger: logger)
        case .twilio:
            let transfers = try HTTPTransfers(
                HTTPTransfers.Settings(userAgent: "kotib/\(Version.text)", threadName: "kotib-sms"))
            let settings = TwilioSender.Settings(
                baseURL: twilio.baseURL, accountSID: twilio.accountSID, authToken: twilio.authToken,
                from: twilio.phoneNumber, messagingService: twilio.messagingService)
            return TwilioSender(settings, transfers: transfers)
        }
    }

    var controlSettings: ControlServer.Settings {
        var settings = ControlServer.Settings(path: socketPath, owner: geteuid())
        settings.mode = socketMode ?? 0o660
        settings.group = control.group.isEmpty ? nil : control.group
        settings.connections = control.connections
        settings.upload = intake.maximumSize + 65_536
        settings.trustedProxies = trustedProxies
        return settings
    }
}
