import KotibModel
import Testing

@Suite struct AudioFileExtensionTests {
    @Test func contentDecidesAndTheNameIfItFits() {
        let mov = "mov,mp4,m4a,3gp,3g2,mj2"
        let cases = [
            ("matroska,webm", "mp3", "webm"), ("aac", "m4a", "aac"), (mov, "mp3", "m4a"), (mov, "3gp", "3gp"),
            ("ogg", "opus", "opus"), ("ogg", "wav", "ogg"), ("asf", "wma", "wma"), ("wav", "wav", "wav"),
            ("caf", "m4a", "caf"), ("unheard", "mp3", "mp3"),
        ]
        for (container, name, ending) in cases {
            #expect(AudioFileExtension.fitting(container, named: name) == ending, "\(name) of \(container)")
        }
    }
}
