import KotibAccounts
import KotibCatalog
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibWatch
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

    func makeSidecarWriter(
        _ files: LocalFileSystem, _ catalog: Catalog, _ board: ProblemBoard
    ) -> SidecarWriter {
        let language = configuration.intake.language
        return SidecarWriter(
            files: files, catalog: catalog, logger: logger,
            settings: { user throws(CatalogError) in try await catalog.settings(of: user) },
            cannotWrite: { path, error in
                guard let problem = WatchHealth.Problem(writing: error) else { return false }
                let folder = path.parent?.text ?? ""
                board.report(problem, ["folder": "\(folder)", "file": "\(path)", "cause": "\(error)"])
                return true
            },
            failureSentence: { FailureSentence.text(about: $0, cause: $1, in: language) })
    }

    /// What waits for the catalog, and, with nil, that it goes on.
    func tell(_ error: CatalogError?, _ board: ProblemBoard) {
        guard let error else { return board.catalogAnswers() }
        board.catalogFails(WatchHealth.Problem(error) ?? .catalogFails, "\(error)")
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
