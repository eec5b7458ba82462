import KotibEngines
import KotibModel
import KotibWorkerProtocol

/// Findings about the engines and what is sent to them.
extension Configuration {
    func engineFindings() -> [ConfigurationFinding] {
        let unknown = queue.otherEngines.filter { EngineName(rawValue: $0) == nil }.map { name in
            let known = EngineName.allCases.map(\.rawValue)
            let nearest = Spelling.nearest(to: name, among: known)
            return ConfigurationFinding.error(
                "queue.other_engines: there is no engine \"\(name)\"; "
                    + (nearest.map { "did you mean \"\($0)\"?" }
                        ?? "there are \(known.joined(separator: ", "))."))
        }
        var findings: [ConfigurationFinding] = unknown
        for name in engines {
            let own = name == .local ? localFindings() : openAIFindings()
            findings += own.filter { !findings.contains($0) }
        }
        return findings
    }

    /// Findings about the formats of uploads.
    func uploadFindings() -> [ConfigurationFinding] {
        let strange = openai.formats.filter { text in
            let ending = Self.ending(text)
            return ending.isEmpty || ending.count > 8
                || !ending.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        let findings = strange.map { text in
            ConfigurationFinding.error(
                "openai.formats: \"\(text)\" is no ending of a name, such as \".mp3\".")
        }
        guard let codec = openai.encode.codec else { return findings + undocumentedFindings() }
        if uploadExtensions.contains(codec.fileExtension) { return findings }
        return findings + [
            .error(
                "openai.encode: \"\(openai.encode.rawValue)\" makes .\(codec.fileExtension), which openai.formats "
                    + "does not list; add it there, or set openai.encode to another.")
        ]
    }

    /// Findings about recordings that are sent unchanged and may be refused. Another server may accept more
    /// than OpenAI does.
    private func undocumentedFindings() -> [ConfigurationFinding] {
        guard openai.baseURL.contains("api.openai.com") else { return [] }
        let strange = intake.extensions.compactMap { AudioFileExtension($0)?.rawValue }.filter {
            !KotibEngines.OpenAISettings.documentedExtensions.contains($0)
        }
        guard !strange.isEmpty else { return [] }
        let list = strange.map { "." + $0 }.joined(separator: " ")
        return [
            .warning(
                "intake.extensions: OpenAI does not say that it takes \(list); such a recording may fail there. "
                    + "With openai.encode = \"opus\" it is re-encoded, and the local engine takes it.")
        ]
    }
}
