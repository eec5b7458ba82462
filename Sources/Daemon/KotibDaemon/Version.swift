/// This build's version, as CHANGELOG.md counts.
public enum Version {
    public static let text = "0.1.0"
}
