import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Status: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the daemon's health; exits with 1 if it is degraded.")

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let answer = try await session.client().status()
        if session.json {
            try await session.show(json: answer.json)
        } else {
            try await session.output.write(Array(session.text(of: answer.body).utf8))
        }
        if answer.body.state != "ok" { throw SilentExit(exit: .failed) }
    }
}

extension Session {
    fileprivate func text(of status: StatusBody) -> String {
        var facts = FieldList()
        facts.add(
            "kotibd", "\(status.version), \(text(.health(status.state)))",
            status.state == "ok" ? .green : .red)
        for problem in status.problems { facts.add(text(.problem), problem, .red) }
        facts.add(text(.uptime), LocalTime.length(status.uptime))
        for state in ["pending", "processing", "completed", "failed", "rejected"] {
            facts.add(text(.state(state)), status.recordings[state].map { String($0) })
        }
        if let doubtful = status.doubtful, doubtful > 0 {
            facts.add(text(.doubtful), String(doubtful), .yellow)
        }
        for running in status.running {
            let left = LocalTime.length(running.remaining)
            facts.add(
                String(running.id),
                "\(LocalTime.percent(running.progress)) \(running.filePath)"
                    + (left.isEmpty ? "" : " (−\(left))"))
        }
        if let engine = status.engine {
            facts.add(text(.engine), engine.name)
            facts.add(text(.paused), engine.pausedBecause, .red)
            facts.add(text(.pausedFor), LocalTime.length(engine.pausedFor))
        }
        if let watch = status.watch {
            facts.add(text(.watchedFolders), String(watch.watchedFolders))
            if watch.polledFolders > 0 {
                let kinds = (watch.withoutEvents ?? []).joined(separator: ", ")
                facts.add(
                    text(.polledFolders), "\(watch.polledFolders)" + (kinds.isEmpty ? "" : " (\(kinds))"))
            }
        }
        for hook in status.hooks ?? [] {
            facts.add(
                text(.hook(hook.receiver)), text(.untold(hook.pending)), hook.lastError == nil ? nil : .red)
        }
        return facts.text(for: output)
    }
}

extension Sentence {
    /// - Parameter state: the daemon's word; one that is not known stays.
    static func health(_ state: String) -> Sentence {
        switch state {
        case "ok": Sentence(uzbek: "joyida", english: "ok", russian: "в порядке")
        case "degraded": Sentence(uzbek: "muammo bor", english: "degraded", russian: "есть неполадки")
        default: Sentence(uzbek: state, english: state, russian: state)
        }
    }

    static let problem = Sentence(uzbek: "MUAMMO", english: "PROBLEM", russian: "ПРОБЛЕМА")
    static let uptime = Sentence(uzbek: "ISHLAMOQDA", english: "UPTIME", russian: "РАБОТАЕТ")
    static let paused = Sentence(uzbek: "TO'XTAGAN", english: "PAUSED", russian: "ПАУЗА")
    static let pausedFor = Sentence(
        uzbek: "QAYTA URINISH", english: "TRIES AGAIN IN", russian: "ПОВТОР ЧЕРЕЗ")
    static let watchedFolders = Sentence(
        uzbek: "kuzatilayotgan papkalar", english: "folders watched", russian: "папок под наблюдением")
    static let polledFolders = Sentence(
        uzbek: "tekshirib turiladigan papkalar", english: "folders polled instead",
        russian: "папок с опросом вместо этого")

    /// - Parameter receiver: the daemon's word; one that is not known stays.
    static func hook(_ receiver: String) -> Sentence {
        switch receiver {
        case "program":
            Sentence(uzbek: "xabar dasturi", english: "hook program", russian: "программа уведомлений")
        case "webhook": Sentence(uzbek: "vebxuk", english: "webhook", russian: "вебхук")
        default: Sentence(uzbek: receiver, english: receiver, russian: receiver)
        }
    }

    static func untold(_ count: Int) -> Sentence {
        Sentence(uzbek: "\(count) ta kutmoqda", english: "\(count) waiting", russian: "ожидает: \(count)")
    }
}
