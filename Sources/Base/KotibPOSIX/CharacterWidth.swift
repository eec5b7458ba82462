import CKotibPOSIX

extension Unicode.Scalar {
    /// The columns that a terminal gives it by itself, by the C library's tables: 0, 1 or 2.
    public var displayWidth: Int { max(0, Int(kotib_character_width(value))) }
}
