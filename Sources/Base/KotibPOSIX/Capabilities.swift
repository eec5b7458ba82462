import CKotibPOSIX

/// The capabilities of this process (capabilities(7)).
public enum Capabilities {
    /// From now on no program that this process starts gets any of its capabilities, whoever starts it; the
    /// process keeps its own. The kernel has these sets for each thread: to be called while there is only
    /// one.
    public static func dropFromChildren() throws(SystemError) {
        try SystemError.check("capset") { kotib_keep_capabilities_from_programs() }
    }
}
