import KotibModel
import Testing

@Suite struct WrongEndingTests {
    private static let mov = "mov,mp4,m4a,3gp,3g2,mj2"

    private func wrong(_ container: String, _ mediaType: String, named name: String) -> WrongEnding? {
        WrongEnding(
            AudioFacts(
                mediaType: mediaType, container: container, codec: "aac", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: []), named: name)
    }

    @Test(arguments: [
        ("aac", "audio/x-hx-aac-adts", "m4a", RecordingEnding.aac),
        ("matroska,webm", "video/webm", "mp3", .webm), ("aac", "audio/aac", "MP3", .aac),
        ("wav", "audio/x-wav", "mp3", .wav), ("ogg", "audio/ogg", "webm", .ogg),
        ("asf", "audio/x-ms-wma", "mp3", .wma),
        (mov, "audio/x-m4a", "mp3", .m4a), (mov, "video/mp4", "wav", .mp4),
        (mov, "video/quicktime", "mp3", .mov), (mov, "video/3gpp", "amr", .threeGP),
        ("amr", "audio/amr", "3gp", .amr),
    ])
    func theRightOneIsNamed(container: String, mediaType: String, name: String, right: RecordingEnding) {
        #expect(wrong(container, mediaType, named: name)?.right == right)
    }

    /// Endings of one family are one another's customary names.
    @Test func whatIsCustomaryIsNotWrong() {
        for ending in RecordingEnding.allCases {
            for type in ["audio/x-m4a", "video/mp4", "video/quicktime", "application/octet-stream"] {
                #expect(wrong(ending.container, type, named: ending.rawValue) == nil, "\(ending)")
            }
        }
    }

    @Test func ofTheUnknownNothingIsSaid() {
        #expect(wrong("unheard", "audio/mpeg", named: "mp3") == nil)
        #expect(wrong("mp3", "audio/mpeg", named: "unheard") == nil)
        #expect(wrong("mp3", "audio/mpeg", named: "") == nil)
    }

    @Test func everyContainerHasAnEnding() {
        for ending in RecordingEnding.allCases {
            let usual = RecordingEnding(container: ending.container, mediaType: "")
            #expect(usual?.container == ending.container)
        }
    }
}
