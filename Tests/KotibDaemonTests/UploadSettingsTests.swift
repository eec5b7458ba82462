import Foundation
import KotibEngines
import KotibModel
import Testing

@testable import KotibDaemon

@Suite struct UploadSettingsTests {
    private func findings(_ change: (inout Configuration) -> Void) -> [String] {
        var configuration = Configuration()
        configuration.queue.engine = .openai
        change(&configuration)
        return configuration.uploadFindings().filter(\.isError).map(\.message)
    }

    @Test func theDefaultIsWhatOpenAIDocuments() {
        let endings = Set(Configuration().openai.formats.map { String($0.dropFirst()) })
        #expect(endings == OpenAISettings.documentedExtensions)
        #expect(Configuration().openai.encode == .opus)
        #expect(findings { _ in }.isEmpty)
    }

    @Test func theEnvironmentOverrides() throws {
        let loaded = try Configuration.load(
            file: nil, environment: ["KOTIB_OPENAI_ENCODE": "flac", "KOTIB_OPENAI_FORMATS": "flac, wav"])
        #expect(loaded.configuration.openai.encode == .flac)
        #expect(loaded.configuration.openai.formats == ["flac", "wav"])
        #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: nil, environment: ["KOTIB_OPENAI_ENCODE": "mp3"])
        }
    }

    @Test(arguments: ["", ".", "*.mp3", "mp3 wav", "звук", "averylongending"])
    func invalidExtensionIsAnError(text: String) {
        let found = findings { $0.openai.formats.append(text) }
        #expect(found == ["openai.formats: \"\(text)\" is no ending of a name, such as \".mp3\"."])
    }

    @Test func encodingMustBeAccepted() {
        for (encode, formats, isTaken) in [
            (UploadEncoding.opus, ["OGG"], true), (.opus, [".flac", ".opus"], false), (.opus, [], false),
            (.flac, [".flac"], true), (.flac, [".ogg"], false), (.none, [".wav"], true),
        ] {
            let found = findings {
                $0.openai.encode = encode
                $0.openai.formats = formats
            }
            #expect(found.isEmpty == isTaken, "\(encode) \(formats): \(found)")
            if !isTaken {
                #expect(found.first?.hasPrefix("openai.encode: \"\(encode.rawValue)\" makes .") == true)
            }
        }
    }
}
