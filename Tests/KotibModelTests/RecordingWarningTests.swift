import Foundation
import KotibModel
import Testing

struct RecordingWarningTests {
    @Test(arguments: [-1, .infinity, .nan, 1e300, -0.001])
    func secondsThatCannotBeAreNone(_ seconds: Double) {
        #expect(RecordingWarning(.soundSetAside, seconds: seconds).seconds == nil)
    }

    @Test func goesThroughJSON() throws {
        for code in RecordingWarning.Code.allCases {
            let warning = RecordingWarning(code, seconds: 1.5)
            let json = try JSONEncoder().encode(warning)
            #expect(try JSONDecoder().decode(RecordingWarning.self, from: json) == warning)
        }
        let wild = Data(#"{"code":"sound_set_aside","seconds":1e300}"#.utf8)
        #expect(try JSONDecoder().decode(RecordingWarning.self, from: wild).seconds == nil)
    }

    @Test func eachCodeOnce() {
        let many = Array(repeating: RecordingWarning(.soundSetAside, seconds: 1), count: 1000)
        #expect(
            (many + [RecordingWarning(.unwrittenPart)]).bounded.map(\.code) == [
                .soundSetAside, .unwrittenPart,
            ])
    }
}
