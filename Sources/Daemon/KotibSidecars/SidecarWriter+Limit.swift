extension SidecarWriter {
    /// Bytes of a transcript's text, by whatever way it comes: what is longer in a file is not read either.
    public static let longestText = SidecarText.longest
}
