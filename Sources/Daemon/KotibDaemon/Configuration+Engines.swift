import KotibEngines
import KotibModel
import KotibTranscription
import Logging
import ServiceLifecycle

/// Which engines there are, and what each does at once.
extension Configuration {
    /// What users may be given: the daemon's own first.
    var engines: [EngineName] {
        let others = queue.otherEngines.compactMap(EngineName.init(rawValue:)).filter { $0 != queue.engine }
        return [queue.engine] + EngineName.allCases.filter(others.contains)
    }

    /// One lane for each, and what must run for them.
    func makeLanes(_ logger: Logger) throws -> (lanes: [EngineLane], services: [any Service]) {
        var (lanes, services): ([EngineLane], [any Service]) = ([], [])
        for name in engines {
            let (engine, service) = try makeEngine(name, logger)
            lanes.append(EngineLane(engine: engine, slots: slots(of: name), language: language(of: name)))
            if let service { services.append(service) }
        }
        return (lanes, services)
    }

    private func slots(of engine: EngineName) -> Int {
        if queue.jobs > 0 { return queue.jobs }
        return switch engine {
        case .local: layout.workers
        case .openai: 4
        }
    }

    private func language(of engine: EngineName) -> String? {
        let language =
            switch engine {
            case .local: local.language
            case .openai: openai.language
            }
        return language.isEmpty ? nil : language
    }

    func engineFindings() -> [Finding] {
        let unknown = queue.otherEngines.filter { EngineName(rawValue: $0) == nil }.map { name in
            let known = EngineName.allCases.map(\.rawValue)
            let nearest = Spelling.nearest(to: name, among: known)
            return Finding.error(
                "queue.other_engines: there is no engine \"\(name)\"; "
                    + (nearest.map { "did you mean \"\($0)\"?" }
                        ?? "there are \(known.joined(separator: ", "))."))
        }
        var findings: [Finding] = unknown
        for name in engines {
            let own = name == .local ? localFindings() : openAIFindings()
            findings += own.filter { !findings.contains($0) }
        }
        return findings
    }
}
