/// The size of what the daemon reads of a request before it knows what is asked for.
public enum RequestLimits {
    /// Bytes of the path and the query together (RFC 9112, 3.2). A longer one is answered with 431.
    public static let longestTarget = 8192
}
