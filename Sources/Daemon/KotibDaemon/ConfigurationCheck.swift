import FoundationEssentials

/// `kotibd --check`: prints every setting with its origin, and all findings.
public enum ConfigurationCheck {
    /// - Returns: the exit code.
    public static func run(configurationFile: String?) -> Int32 {
        let loaded: LoadedConfiguration
        do {
            loaded = try Configuration.load(
                file: configurationFile, environment: ProcessInfo.processInfo.environment)
        } catch {
            print("error: \(error)")
            return ExitStatus.configuration
        }
        for setting in Settings.all {
            let origin = loaded.origins[setting.key] ?? "default"
            let line = "\(setting.key) = \(setting.show(loaded.configuration))"
            print(line + String(repeating: " ", count: max(1, 56 - line.count)) + "# " + origin)
        }
        let findings = loaded.findings()
        for finding in findings {
            print("\(finding.isError ? "error" : "warning"): \(finding.message)")
        }
        let wrong = findings.contains(where: \.isError)
        print(wrong ? "kotibd would not start." : "kotibd would start.")
        return wrong ? ExitStatus.configuration : ExitStatus.stopped
    }
}
