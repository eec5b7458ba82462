// swift-tools-version: 6.2
// Kotib: a daemon that turns a folder into a transcription service.
// The arrows of docs/architecture.md are the dependencies below; nothing points back.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// For what waits for the daemon and computes nothing: takes half the time to compile for a release. Not by
/// -Onone, which the options of the whole build (Makefile) would override.
let unoptimized: [SwiftSetting] = [
    .unsafeFlags(
        ["-disable-llvm-optzns", "-disable-sil-perf-optzns"].flatMap { ["-Xfrontend", $0] },
        .when(configuration: .release))
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPOSIX = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

/// The folders of targets: shared by the programs, one for each program, and for tests alone.
enum Room: String {
    case base = "Sources/Base"
    case daemon = "Sources/Daemon"
    case worker = "Sources/Worker"
    case cli = "Sources/CLI"
    case testSupport = "Tests/Support"

    /// A target of Kotib's own, compiled with every check on.
    func target(
        _ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = []
    ) -> Target {
        .target(name: name, dependencies: dependencies, path: path(name), swiftSettings: strict + settings)
    }

    func program(
        _ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []
    ) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies, path: path(name), swiftSettings: strict + settings)
    }

    /// A C library of the system, or C that Swift cannot say.
    func c(_ name: String, linking libraries: [String] = []) -> Target {
        .target(name: name, path: path(name), linkerSettings: libraries.map { .linkedLibrary($0) })
    }

    func path(_ name: String) -> String { "\(rawValue)/\(name)" }
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kotib",
    products: [
        .executable(name: "kotibd", targets: ["kotibd"]),
        .executable(name: "kotib-worker", targets: ["kotib-worker"]),
        .executable(name: "kotibctl", targets: ["kotibctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // Without Foundation, so that kotibctl is linked without it and ICU.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        // Without settings read from the environment, whose package is as large as the server.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    ],
    targets: [
        // Foundations: values, the kernel, the words between daemon and worker.
        Room.base.target("KotibModel"),
        Room.base.c("CKotibPOSIX"),
        Room.base.target("KotibPOSIX", ["KotibModel", "CKotibPOSIX"]),
        Room.base.target("KotibWorkerProtocol", ["KotibModel"]),
        Room.base.target("KotibRuntime"),
        Room.base.c("CNettle", linking: ["nettle"]),
        Room.base.target("KotibCrypto", ["CNettle"]),
        Room.base.target("KotibText", ["KotibModel"]),
        Room.base.target("KotibHealth", ["KotibModel", "KotibText", log]),

        // From a folder to rows.
        Room.daemon.target(
            "KotibWatch", ["KotibModel", "KotibRuntime", "KotibHealth", "KotibPOSIX", log, heap, deque]),
        Room.daemon.target("KotibCatalog", ["KotibModel", "KotibCrypto", grdb, sqlite]),
        Room.daemon.target(
            "KotibWorkerClient",
            [
                "KotibModel", "KotibRuntime", "KotibPOSIX", "KotibWorkerProtocol", log, subprocess, system,
            ]),
        Room.daemon.target(
            "KotibIntake", ["KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "KotibWorkerClient"]),

        // From rows to words.
        Room.daemon.target(
            "KotibTranscription",
            ["KotibModel", "KotibRuntime", "KotibText", "KotibHealth", "KotibPOSIX", "KotibCatalog", log]),
        Room.daemon.target(
            "KotibSidecars", ["KotibModel", "KotibPOSIX", "KotibCatalog", log, "KotibCrypto"]),
        Room.base.c("CCurl", linking: ["curl"]),
        Room.base.target("KotibHTTP", ["KotibModel", "KotibPOSIX", "CCurl"]),
        Room.daemon.target("KotibPrograms", ["KotibPOSIX", subprocess, system]),
        Room.daemon.target(
            "KotibAccounts",
            [
                "KotibModel", "KotibText", "KotibPOSIX", "KotibCatalog", "KotibHTTP", "KotibPrograms", log,
                "KotibCrypto",
            ]),
        Room.daemon.target(
            "KotibHooks",
            [
                "KotibModel", "KotibRuntime", "KotibHealth", "KotibCatalog", "KotibHTTP", "KotibPrograms",
                log, "KotibCrypto",
            ]),
        Room.daemon.target(
            "KotibEngines",
            [
                "CCurl", "KotibModel", "KotibText", "KotibPOSIX", "KotibTranscription",
                "KotibWorkerProtocol",
                "KotibWorkerClient",
                "KotibHTTP", log,
            ]),
        Room.daemon.target(
            "KotibIngest",
            [
                "KotibHealth", "KotibModel", "KotibText", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", log,
            ]),
        Room.daemon.target(
            "KotibArchive",
            [
                "KotibHealth", "KotibModel", "KotibPOSIX", "KotibCatalog", "KotibSidecars",
                "KotibIngest", log,
                "KotibCrypto",
            ]),
        Room.daemon.target(
            "KotibLibrary",
            [
                "KotibHealth", "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibIngest", "KotibArchive", log,
            ]),
        Room.daemon.target(
            "KotibComponents",
            [
                "KotibHealth", "KotibModel", "KotibText", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibIngest", "KotibArchive", "KotibLibrary", log,
            ]),

        // The control socket.
        Room.base.target("KotibControlProtocol"),
        Room.daemon.target(
            "KotibControlServer",
            [
                "KotibHealth", "KotibModel", "KotibText", "KotibPOSIX", "KotibCatalog",
                "KotibTranscription",
                "KotibSidecars", "KotibAccounts", "KotibHooks", "KotibIngest", "KotibLibrary",
                "KotibControlProtocol", log,
                lifecycle,
                hummingbirdCore, httpTypes, nio, nioPOSIX, nioHTTP, nioHTTPTypes,
            ]),
        Room.cli.target(
            "KotibControlClient", ["KotibControlProtocol", "KotibHTTP", "KotibPOSIX"], unoptimized),
        Room.cli.program(
            "kotibctl",
            [
                "KotibModel", "KotibText", "KotibPOSIX", "KotibControlProtocol", "KotibControlClient",
                arguments, subprocess, system,
            ],
            unoptimized),

        // The daemon.
        Room.daemon.target(
            "KotibDaemon",
            [
                "KotibHealth", "KotibModel", "KotibText", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibHTTP", "KotibEngines", "KotibIngest",
                "KotibArchive", "KotibComponents", "KotibWorkerClient",
                "KotibWorkerProtocol", "KotibAccounts", "KotibHooks", "KotibControlServer", log, lifecycle,
                signals, toml,
            ]),
        Room.daemon.program("kotibd", ["KotibModel", "KotibDaemon", arguments]),

        // The worker: all that parses a stranger's bytes.
        Room.worker.c("CAV", linking: ["avformat", "avcodec", "avutil", "swresample"]),
        Room.worker.c("CMagic", linking: ["magic"]),
        .systemLibrary(name: "CWhisper", path: Room.worker.path("CWhisper"), pkgConfig: "whisper"),
        Room.worker.c("CSandbox", linking: ["seccomp"]),
        Room.worker.target(
            "KotibWorker",
            [
                "KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "CAV", "CMagic", "CSandbox", "CWhisper",
            ]),
        Room.worker.program("kotib-worker", ["KotibModel", "KotibWorker", arguments]),

        // Tests: beside them what they share, and programs that stand in for faults.
        Room.testSupport.target(
            "KotibTestSupport",
            [
                "KotibModel", "KotibText", "KotibPOSIX", "KotibCatalog", "KotibTranscription", log,
                subprocess, system,
            ]),
        Room.testSupport.target(
            "KotibControlTestSupport",
            ["KotibControlClient", "KotibTestSupport", hummingbird, hummingbirdCore, httpTypes, log, nio]),
        Room.testSupport.target(
            "KotibIngestTestSupport",
            [
                "KotibCrypto", "KotibHealth", "KotibModel", "KotibText", "KotibPOSIX", "KotibWatch",
                "KotibIntake",
                "KotibCatalog",
                "KotibTranscription",
                "KotibSidecars", "KotibIngest", "KotibArchive", "KotibLibrary", "KotibComponents",
                "KotibTestSupport", grdb, log,
            ]),
        .executableTarget(
            name: "kotib-stand-in-worker",
            dependencies: ["KotibModel", "KotibPOSIX", "KotibWorkerProtocol"],
            path: "Tests/Support/StandInWorker",
            swiftSettings: strict),
        .executableTarget(
            name: "kotib-sandbox-probe", dependencies: ["KotibWorker", "KotibPOSIX"],
            path: "Tests/Support/SandboxProbe",
            swiftSettings: strict),
        tests("KotibModel", ["KotibModel", "KotibTestSupport"]),
        tests("KotibCrypto", ["KotibCrypto"]),
        tests("KotibRuntime", ["KotibRuntime", "KotibTestSupport"]),
        tests("KotibText", ["KotibModel", "KotibText"]),
        tests("KotibHealth", ["KotibModel", "KotibText", "KotibHealth", log]),
        tests("KotibPOSIX", ["KotibModel", "KotibPOSIX", "KotibTestSupport"]),
        tests(
            "KotibWatch", ["KotibModel", "KotibHealth", "KotibPOSIX", "KotibWatch", "KotibTestSupport", log]),
        tests("KotibIntake", ["KotibModel", "KotibPOSIX", "KotibIntake"]),
        tests("KotibCatalog", ["KotibModel", "KotibCatalog", "KotibTestSupport", grdb, sqlite]),
        tests(
            "KotibWorkerClient",
            [
                "KotibModel", "KotibText", "KotibPOSIX", "KotibWorkerProtocol", "KotibWorkerClient",
                "KotibIntake",
                "KotibTestSupport", log, "kotib-stand-in-worker",
            ]),
        tests(
            "KotibTranscription",
            [
                "KotibModel", "KotibRuntime", "KotibText", "KotibHealth", "KotibPOSIX", "KotibCatalog",
                "KotibTranscription",
                "KotibTestSupport", grdb, log,
            ]),
        tests(
            "KotibSidecars",
            ["KotibModel", "KotibPOSIX", "KotibCatalog", "KotibSidecars", "KotibTestSupport", grdb, log]),
        tests(
            "KotibIngest",
            [
                "KotibHealth", "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibIngest", "KotibLibrary", "KotibComponents",
                "KotibIngestTestSupport", "KotibTestSupport", grdb, log,
            ]),
        tests(
            "KotibArchive",
            [
                "KotibHealth", "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibIngest", "KotibArchive", "KotibLibrary",
                "KotibComponents", "KotibIngestTestSupport", "KotibTestSupport", grdb, log, "KotibCrypto",
            ]),
        tests(
            "KotibLibrary",
            [
                "KotibHealth", "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription", "KotibSidecars", "KotibIngest", "KotibLibrary", "KotibComponents",
                "KotibIngestTestSupport", "KotibTestSupport", grdb,
            ]),
        tests("KotibHTTP", ["KotibPOSIX", "KotibHTTP", "KotibTestSupport"]),
        tests(
            "KotibEngines",
            [
                "KotibModel", "KotibText", "KotibPOSIX", "KotibTranscription", "KotibWorkerProtocol",
                "KotibWorkerClient",
                "KotibEngines", "KotibHTTP", "KotibTestSupport", log, "kotib-stand-in-worker", "kotib-worker",
                "kotibd",
            ]),
        tests("KotibPrograms", ["KotibPrograms", "KotibPOSIX", "KotibTestSupport"]),
        tests(
            "KotibAccounts",
            [
                "KotibModel", "KotibPOSIX", "KotibCatalog", "KotibHTTP", "KotibPrograms", "KotibAccounts",
                "KotibTestSupport", grdb, log, "KotibCrypto",
            ]),
        tests(
            "KotibHooks",
            [
                "KotibModel", "KotibHealth", "KotibCatalog", "KotibHTTP", "KotibHooks",
                "KotibTestSupport", grdb, log,
            ]),
        tests("KotibControlProtocol", ["KotibControlProtocol"]),
        tests(
            "KotibControlServer",
            [
                lifecycle, "KotibHealth", "KotibModel", "KotibPOSIX", "KotibIntake",
                "KotibCatalog",
                "KotibTranscription",
                "KotibSidecars", "KotibAccounts", "KotibHooks", "KotibArchive", "KotibLibrary",
                "KotibComponents", "KotibControlProtocol", "KotibControlServer", "KotibText",
                "KotibTestSupport", log, grdb, hummingbirdCore, httpTypes, nio,
            ]),
        tests(
            "KotibControlClient",
            [
                "KotibControlProtocol", "KotibControlClient", "KotibControlTestSupport", "KotibTestSupport",
                httpTypes,
            ]),
        tests(
            "KotibCtl",
            [
                "kotibctl", "KotibText", "KotibControlProtocol", "KotibControlClient",
                "KotibControlTestSupport",
                "KotibTestSupport", arguments, system, hummingbird, httpTypes, nio,
            ]),
        tests("KotibDaemon", ["KotibModel", "KotibDaemon", "KotibEngines", "KotibTestSupport", log]),
        tests(
            "KotibWorker",
            [
                "KotibWorker", "KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "CWhisper", "kotib-worker",
                "kotib-sandbox-probe",
            ]),
        .testTarget(
            name: "AcceptanceTests",
            dependencies: ["KotibPOSIX", "KotibTestSupport", "kotibd", "kotib-worker", "kotibctl"],
            path: "Tests/Acceptance",
            swiftSettings: strict),
    ]
)

// `make build` builds the three programs alone by one `swift build`; --product takes only one.
if Context.environment["KOTIB_PROGRAMS_ONLY"] != nil {
    package.targets.removeAll { $0.type == .test || $0.path?.hasPrefix("Tests/") == true }
}
