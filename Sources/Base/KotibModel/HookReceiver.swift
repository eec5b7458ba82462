/// The receivers of hook events. The raw values are used in the catalog, the API and metrics.
public enum HookReceiver: String, Hashable, Sendable, CaseIterable {
    case program, webhook
}
