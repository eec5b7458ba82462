import KotibModel

/// Warnings of the inspection about a file that is accepted.
struct InspectionWarnings {
    /// Whether less is there than was promised.
    var isShort = false
    /// Seconds of that, where they are known.
    var missing = 0.0
    /// Whether more is there than the header says.
    var isLonger = false
    /// Seconds of that.
    var excess = 0.0
    /// Whether one of several recordings cannot be decoded, or stands behind the last that is looked for.
    var leavesOut = false
    /// Bytes that nobody wrote.
    var unwrittenBytes: Int64 = 0
    /// Seconds of that, where they are known.
    var unwritten = 0.0
    /// Whether a recording ends with zeros that may be silence.
    var hasBlankEnd = false
    /// Seconds of that.
    var blankEnd = 0.0

    /// Less is not worth a number.
    private static let leastSeconds = 0.1

    var warnings: [RecordingWarning] {
        func warning(_ code: RecordingWarning.Code, _ seconds: Double) -> RecordingWarning {
            RecordingWarning(code, seconds: seconds >= Self.leastSeconds ? seconds : nil)
        }
        return (isShort ? [warning(.shorterThanPromised, missing)] : [])
            + (isLonger ? [warning(.longerThanPromised, excess)] : [])
            + (leavesOut ? [RecordingWarning(.recordingLeftOut)] : [])
            + (unwrittenBytes > 0 ? [warning(.unwrittenPart, unwritten)] : [])
            + (hasBlankEnd ? [warning(.blankEnd, blankEnd)] : [])
    }
}
