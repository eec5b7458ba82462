import KotibAccounts
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// What of the wiring depends on people: their accounts and what they have chosen.
extension Daemon {
    func makeAccounts(
        _ files: LocalFileSystem, _ catalog: Catalog, _ messages: SMSDispatcher
    ) async throws -> AccountService {
        let configuration = configuration
        let secret = try await BlockingWork.run { () throws(SecretError) in try configuration.signingSecret()
        }
        return try await AccountService(
            configuration.accountSettings, secret: secret, catalog: catalog, inbox: InboxMaker(files),
            dispatcher: messages, logger: logger)
    }

    func makeSidecarWriter(_ files: LocalFileSystem, _ catalog: Catalog) -> SidecarWriter {
        let language = configuration.intake.language
        return SidecarWriter(
            files: files, catalog: catalog, logger: logger,
            settings: { user throws(CatalogError) in try await catalog.settings(of: user) },
            failureSentence: { FailureSentence.text(about: $0, cause: $1, in: language) })
    }

    /// Nil leaves it to the daemon's setting.
    func chosenLanguage(_ recording: Recording, _ catalog: Catalog) async -> String? {
        guard let user = recording.user else { return nil }
        do throws(CatalogError) {
            return try await catalog.settings(of: user).language
        } catch {
            logger.warning(
                "the daemon's own language is used: the user's cannot be read",
                metadata: ["recording": "\(recording.id)", "cause": "\(error)"])
            return nil
        }
    }
}
