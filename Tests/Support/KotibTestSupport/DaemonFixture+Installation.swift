import Foundation
import Glibc

/// The paths of the programs and files under test.
public struct Installation: Sendable {
    /// Holds kotibd and kotib-worker.
    public var programs: String
    /// Holds models, samples and whisper.cpp's own programs, as the set-up leaves them.
    public var dependencies: String

    /// `KOTIB_TEST_BIN` and `KOTIB_TEST_DEPS`, otherwise the folder of the test bundle and `.deps` in the
    /// package.
    /// - Throws: ``DaemonTestFailure`` with what is missing and what to do.
    public static func find() throws -> Installation {
        let environment = ProcessInfo.processInfo.environment
        let found = Installation(
            programs: environment["KOTIB_TEST_BIN"] ?? bundleFolder,
            dependencies: environment["KOTIB_TEST_DEPS"] ?? packageRoot + "/.deps")
        for program in ["kotibd", "kotib-worker"] where access(found.programs + "/" + program, X_OK) != 0 {
            throw DaemonTestFailure(
                description:
                    "There is no program \(found.programs)/\(program): build it (swift build), or set "
                    + "KOTIB_TEST_BIN to the folder that holds it.")
        }
        return found
    }

    /// The path of kotibd or kotib-worker.
    public func program(_ name: String) -> String { programs + "/" + name }

    public func model() throws -> String { try dependency("models/ggml-base-q8_0.bin") }
    public func voiceActivityModel() throws -> String { try dependency("models/ggml-silero-v6.2.0.bin") }
    /// Real speech by its name, such as `jfk`.
    public func sample(_ name: String) throws -> String { try dependency("samples/\(name).wav") }
    public func whisperServer() throws -> String { try dependency("whisper/bin/whisper-server") }

    private func dependency(_ name: String) throws -> String {
        let path = dependencies + "/" + name
        guard access(path, R_OK) == 0 else {
            throw DaemonTestFailure(
                description:
                    "There is no \(path): run the set-up (make setup), or set KOTIB_TEST_DEPS to the "
                    + "folder that holds it.")
        }
        return path
    }

    private static var bundleFolder: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (own as NSString).deletingLastPathComponent
    }

    /// This file lies three folders below it.
    private static var packageRoot: String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.path
    }
}
