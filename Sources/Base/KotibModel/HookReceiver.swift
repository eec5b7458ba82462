/// Told when a recording comes to its end. The raw values stand in the catalog, the API and metrics.
public enum HookReceiver: String, Hashable, Sendable, CaseIterable {
    case program, webhook
}
