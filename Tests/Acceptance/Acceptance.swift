// AcceptanceTests: the built programs, driven as a user drives them, with the real worker, model and speech.

import KotibTestSupport
import Testing

/// All areas, one test after the other: whisper's threads spin, so that two engines at once would take many
/// times as long.
@Suite(.serialized)
enum Acceptance {}

extension DaemonFixture {
    /// For the message of an expectation that fails.
    var log: Comment { Comment(rawValue: story) }
}
