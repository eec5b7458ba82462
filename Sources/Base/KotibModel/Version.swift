/// This build's version, as CHANGELOG.md counts. The one place in which it stands.
public enum Version {
    public static let text = "0.1.0"
}
