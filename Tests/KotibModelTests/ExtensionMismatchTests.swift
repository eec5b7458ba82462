import Testing

@testable import KotibModel

@Suite struct ExtensionMismatchTests {
    private static let mov = "mov,mp4,m4a,3gp,3g2,mj2"

    private func wrong(
        _ container: String, _ mediaType: String, named name: String,
        accepted: Set<AudioFileExtension> = AudioFileExtension.all
    ) -> ExtensionMismatch? {
        ExtensionMismatch(
            AudioFacts(
                mediaType: mediaType, container: container, codec: "aac", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: []), named: name, accepted: accepted)
    }

    @Test(arguments: [
        ("aac", "audio/x-hx-aac-adts", "m4a", AudioFileExtension.aac),
        ("matroska,webm", "video/webm", "mp3", .webm), ("aac", "audio/aac", "MP3", .aac),
        ("wav", "audio/x-wav", "mp3", .wav), ("ogg", "audio/ogg", "webm", .ogg),
        ("asf", "audio/x-ms-wma", "mp3", .wma),
        (mov, "audio/x-m4a", "mp3", .m4a), (mov, "video/mp4", "wav", .mp4),
        (mov, "video/quicktime", "mp3", .mov), (mov, "video/3gpp", "amr", .threeGP),
        ("amr", "audio/amr", "3gp", .amr),
    ])
    func theRightOneIsNamed(container: String, mediaType: String, name: String, right: AudioFileExtension) {
        #expect(wrong(container, mediaType, named: name)?.right == right)
    }

    /// Endings of one family are one another's customary names.
    @Test func usualExtensionsFit() {
        for ending in AudioFileExtension.allCases {
            for type in ["audio/x-m4a", "video/mp4", "video/quicktime", "application/octet-stream"] {
                #expect(wrong(ending.container, type, named: ending.rawValue) == nil, "\(ending)")
            }
        }
    }

    /// Under a name with an extension that is not accepted, the file would be refused.
    @Test func onlyWhatIsTakenIsNamed() {
        let taken: Set<AudioFileExtension> = [.mp3, .m4a, .opus]
        #expect(wrong("aac", "audio/aac", named: "mp3", accepted: taken) == nil)
        #expect(wrong(Self.mov, "video/mp4", named: "mp3", accepted: taken)?.right == .m4a)
        #expect(wrong("ogg", "audio/ogg", named: "mp3", accepted: taken)?.right == .opus)
        #expect(wrong("mp3", "audio/mpeg", named: "wav", accepted: taken)?.right == .mp3)
    }

    @Test func ofTheUnknownNothingIsSaid() {
        #expect(wrong("unheard", "audio/mpeg", named: "mp3") == nil)
        #expect(wrong("mp3", "audio/mpeg", named: "unheard") == nil)
        #expect(wrong("mp3", "audio/mpeg", named: "") == nil)
    }

    @Test func everyContainerHasAnEnding() {
        for ending in AudioFileExtension.allCases {
            let usual = AudioFileExtension(container: ending.container, mediaType: "")
            #expect(usual?.container == ending.container)
        }
    }
}
