import KotibTestSupport

/// The order in which users were served while all of them waited.
struct Turns {
    var order: [String] = []
    /// The largest number of turns by which one user was ever ahead of another.
    var widestLead = 0
    var count: Int { order.count }

    init(events: [DaemonEvent], users: [String]) {
        var waiting: [String: Int] = [:]
        var turns: [String: Int]?
        for event in events {
            guard let user = event["user"] else { continue }
            switch event.message {
            case DaemonMessage.accepted:
                waiting[user, default: 0] += 1
                // Counting begins when everybody has a choice of files; what runs then was chosen before.
                if turns == nil, users.allSatisfy({ waiting[$0, default: 0] >= 3 }) { turns = [:] }
            case DaemonMessage.transcribed:
                waiting[user, default: 0] -= 1
                guard var counted = turns else { continue }
                // The first one to end was chosen before all were waiting.
                if counted.isEmpty {
                    counted = Dictionary(uniqueKeysWithValues: users.map { ($0, 0) })
                } else {
                    counted[user, default: 0] += 1
                    order.append(user)
                }
                turns = counted
                widestLead = max(widestLead, (counted.values.max() ?? 0) - (counted.values.min() ?? 0))
                if users.contains(where: { waiting[$0, default: 0] == 0 }) { return }
            default: continue
            }
        }
    }
}
