import Foundation
import KotibControlProtocol
import Testing

@Suite struct AudioRecordBodyTests {
    /// A client of the replaced service reads each of these, null or not.
    @Test func theSeedsFieldsAreAlwaysThere() throws {
        let body = AudioRecordBody(
            id: 1, userID: nil, fileName: "a", originalFilename: "a", filePath: "a", fileSize: 2,
            duration: nil,
            transcriptText: nil, transcriptionStatus: "pending", createdAt: "t", updatedAt: "t",
            audioState: "present")
        let data = try JSONEncoder().encode(body)
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for name in [
            "id", "user_id", "file_name", "original_filename", "file_path", "file_size", "duration",
            "transcript_text", "transcription_status", "created_at", "updated_at",
        ] {
            #expect(fields[name] != nil, "\(name)")
        }
        #expect(fields["transcript_text"] is NSNull && fields["duration"] is NSNull)
        #expect(try JSONDecoder().decode(AudioRecordBody.self, from: data) == body)
    }
}
