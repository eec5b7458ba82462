import CKotibPOSIX

/// Returns the memory of large texts to the kernel when they are done with.
public enum AllocatorSettings {
    /// Bytes: more than ordinary work takes at once, and far less than a long text.
    private static let size: Int32 = 256 << 10

    /// To be called at the start: the setting is the process's.
    public static func returnLargeBlocksToKernel() {
        kotib_map_large_blocks(size)
    }
}
