import KotibIntake
import KotibWatch

extension Configuration {
    /// What is wrong with `watch.ignore`.
    func ignoreFindings() -> [Finding] {
        watch.ignore.compactMap { text in
            guard IgnoredNames.isPattern(text) else {
                return .error(
                    "watch.ignore: \"\(text)\" is no pattern for a name such as \"draft-*\": it must not be empty, "
                        + "hold a / but at its end, or leave a [ open.")
            }
            let missed = intake.extensions.map { $0.hasPrefix(".") ? $0 : "." + $0 }
                .filter { IgnoredNames(adding: [text]).isIgnored(file: Array("recording\($0)".utf8)) }
            guard !missed.isEmpty else { return nil }
            return .warning(
                "watch.ignore: with \"\(text)\" no recording.\(missed[0].dropFirst()) would be taken.")
        }
    }
}
