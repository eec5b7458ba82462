import Foundation
import Logging
import Testing

@testable import KotibDaemon

@Suite struct LogLineTests {
    private let line = LogLine(
        time: Date(timeIntervalSince1970: 0), level: .info, message: "transcribed",
        fields: [("file", "alisher/my \"talk\".wav"), ("size", "12"), ("empty", "")])

    @Test func logfmtQuotesWhatIsNotPlain() {
        #expect(
            line.logfmt(journal: false)
                == #"time=1970-01-01T00:00:00.000Z level=info msg=transcribed file="alisher/my \"talk\".wav" size=12 empty="""#
        )
    }

    @Test func journalGetsPriorityInsteadOfTime() {
        #expect(line.logfmt(journal: true).hasPrefix("<6>level=info "))
    }

    @Test func oneEventIsOneLineWhateverIsInIt() {
        let hostile = LogLine(
            time: Date(), level: .error, message: "a\nb", fields: [("k", "\u{1b}[31m\r\n=\u{0}\u{7f}")])
        for text in [hostile.logfmt(journal: false), hostile.json()] {
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
        }
    }

    @Test func jsonIsJSON() throws {
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.json().utf8))
        #expect(object["file"] == "alisher/my \"talk\".wav")
        #expect(object["level"] == "info")
    }
}
