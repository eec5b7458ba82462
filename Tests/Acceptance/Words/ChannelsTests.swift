import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Recordings whose words are not where a player looks first.
    @Suite(.timeLimit(.minutes(5))) struct Channels {
        private struct Kind {
            var name: String
            /// ffmpeg's options; inputs are jfk.wav and two_cities.wav.
            var options: [String]
        }

        private let kinds = [
            Kind(name: "inverted.wav", options: ["-af", "pan=stereo|c0=c0|c1=-1*c0"]),
            Kind(name: "centre.wav", options: ["-af", "pan=5.1|c2=c0"]),
            Kind(name: "subwoofer.wav", options: ["-af", "pan=5.1|c3=c0"]),
            Kind(
                name: "noise.wav",
                options: [
                    "-filter_complex",
                    "anoisesrc=r=16000:a=0.5:d=11[n];[0][n]join=inputs=2:channel_layout=stereo",
                ]),
            Kind(name: "quiet.wav", options: ["-af", "volume=-44dB", "-c:a", "pcm_s24le"]),
            Kind(name: "loud.wav", options: ["-af", "volume=80dB:precision=double", "-c:a", "pcm_f32le"]),
            Kind(
                name: "second.m4a",
                options: [
                    "-filter_complex", "anullsrc=r=48000:cl=stereo:d=11[s]", "-map", "[s]", "-map", "0:a",
                    "-c:a",
                    "aac",
                ]),
        ]

        private func make(_ kind: Kind, _ daemon: DaemonFixture) async throws -> String {
            let path = daemon.scratch + "/" + kind.name
            let inputs = try [
                "-i", daemon.installation.sample("jfk"), "-i", daemon.installation.sample("two_cities"),
            ]
            try await Command.succeed(
                "ffmpeg", ["-nostdin", "-v", "error", "-y"] + inputs + kind.options + [path])
            return path
        }

        @Test func theVoiceIsHeardWhereverItIs() async throws {
            try await withDaemon { daemon in
                for kind in kinds {
                    try daemon.drop(try await make(kind, daemon), as: "alisher/\(kind.name)")
                    let text = try await daemon.awaitText(of: "alisher/\(kind.name).txt")
                    let rate = WordErrorRate.of(text, against: Said.jfk)
                    #expect(rate <= 0.10, "\(kind.name): \(text)\n\(daemon.story)")
                }
            }
        }

        /// Both parties, each on a channel or track of their own, and both in one.
        @Test func bothPartiesOfACallAreInTheText() async throws {
            let other = "[1]volume=12dB,atrim=0:11,aresample=16000"
            let calls = [
                Kind(
                    name: "call.wav",
                    options: [
                        "-filter_complex", "\(other)[b];[0][b]join=inputs=2:channel_layout=stereo",
                    ]),
                Kind(
                    name: "call.m4a",
                    options: [
                        "-filter_complex", "\(other)[b]", "-map", "0:a", "-map", "[b]", "-c:a", "aac",
                    ]),
            ]
            try await withDaemon { daemon in
                for kind in calls {
                    try daemon.drop(try await make(kind, daemon), as: "alisher/\(kind.name)")
                    let text = try await daemon.awaitText(of: "alisher/\(kind.name).txt").lowercased()
                    for words in [
                        "fellow american", "what you can do for your country", "worst of times",
                        "age of wisdom",
                    ] {
                        #expect(text.contains(words), "\(kind.name): \(text)\n\(daemon.story)")
                    }
                    let row = try await daemon.awaitRow(of: "alisher/\(kind.name)", "completed")
                    #expect(abs(try #require(row.duration) - 11) < 0.5)
                }
            }
        }
    }
}
