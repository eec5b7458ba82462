import CAV

/// Names kinds of recordings that are not supported, by libav's probes: they look at bytes, and none of these
/// demuxers is opened.
enum UnsupportedKind {
    /// Kinds of media by the short names of libav's demuxers. Those of texts and pictures, and those that
    /// take almost anything, are left out.
    private static let mediaTypes = [
        "aiff": "audio/x-aiff", "au": "audio/basic", "w64": "audio/x-w64", "wv": "audio/x-wavpack",
        "tta": "audio/x-tta", "ape": "audio/x-ape", "mpc": "audio/x-musepack", "mpc8": "audio/x-musepack",
        "tak": "audio/x-tak", "shn": "audio/x-shorten", "dsf": "audio/x-dsf", "iff": "audio/x-iff",
        "voc": "audio/x-voc", "ac3": "audio/ac3", "eac3": "audio/eac3", "dts": "audio/vnd.dts",
        "dtshd": "audio/vnd.dts.hd", "oma": "audio/x-oma", "dss": "audio/x-dss", "qcp": "audio/qcelp",
        "nistsphere": "audio/x-nist", "ircam": "audio/x-ircam", "xwma": "audio/x-xwma", "act": "audio/x-act",
        "loas": "audio/x-loas", "codec2": "audio/x-codec2", "mpegts": "video/mp2t", "mpeg": "video/mpeg",
        "avi": "video/x-msvideo", "flv": "video/x-flv", "rm": "application/vnd.rn-realmedia",
        "mxf": "application/mxf", "nut": "video/x-nut", "gxf": "video/x-gxf", "wtv": "video/x-wtv",
    ]

    /// Bytes that the probes see: of MPEG-TS, which has no signature, several hundred packets.
    private static let window = 1 << 16
    /// AVPROBE_SCORE_RETRY of libavformat/avformat.h: a probe that says no more than that is not sure.
    private static let leastScore: Int32 = 25
    /// Zeros behind the bytes, which libav asks for: AVPROBE_PADDING_SIZE of libavformat/avformat.h.
    private static let padding = 32

    /// Nil where libav knows none.
    /// - Throws: what the source throws.
    static func mediaType(of source: any ByteSource) throws -> String? {
        let start = try Container.start(in: source)
        let head = try source.head(at: start, count: Int(min(Int64(window), source.size - start)))
        var bytes = head + [UInt8](repeating: 0, count: padding)
        let name = bytes.withUnsafeMutableBufferPointer { buffer -> String? in
            var data = AVProbeData()
            data.buf = buffer.baseAddress
            data.buf_size = Int32(head.count)
            var score = leastScore
            // 1: not of those demuxers that open files themselves, by their names.
            let format = av_probe_input_format2(&data, 1, &score)
            return format?.pointee.name.map { String(cString: $0) }
        }
        return name.flatMap { mediaTypes[$0] }
    }
}
