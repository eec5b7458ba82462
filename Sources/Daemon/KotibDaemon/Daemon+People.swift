import KotibAccounts
import KotibCatalog
import KotibHealth
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibText
import KotibTranscription
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
        _ files: LocalFileSystem, _ catalog: Catalog, _ board: IssueBoard
    ) -> SidecarWriter {
        let language = configuration.intake.language
        return SidecarWriter(
            files: files, catalog: catalog, logger: logger,
            settings: { user throws(CatalogError) in try await catalog.settings(of: user) },
            cannotWrite: { path, error in
                guard let problem = HealthIssue(writing: error) else { return false }
                let folder = path.parent?.text ?? ""
                board.report(problem, ["folder": "\(folder)", "file": "\(path)", "cause": "\(error)"])
                return true
            },
            limits: configuration.quotaLimits,
            warningSentence: { $0.sentence(in: language) },
            textSentence: { $1.sentence(about: $0, in: language) },
            failureSentence: { FailureSentence.text(about: $0, cause: $1, in: language) })
    }

    /// What holds for one recording: its folder's `kotib.ini` before its user's settings.
    func choices(
        _ recording: Recording, _ files: LocalFileSystem, _ catalog: Catalog
    ) async throws(CatalogError) -> RecordingChoices {
        var settings = UserSettings()
        if let user = recording.user { settings = try await catalog.settings(of: user) }
        let folder = await FolderSettingsReader(files: files, logger: logger).settings(for: recording)
        return RecordingChoices(
            language: folder.language ?? settings.language.map(SpokenLanguage.code), engine: settings.engine)
    }

    /// What waits for the catalog, and, with nil, that it goes on.
    func tell(_ error: CatalogError?, _ board: IssueBoard) {
        guard let error else { return board.catalogAnswers() }
        board.catalogFails(HealthIssue(error) ?? .catalogFails, "\(error)")
    }
}
