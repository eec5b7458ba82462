/// This build's version, as in CHANGELOG.md. Defined here only.
public enum Version {
    public static let text = "0.1.0"
}
