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
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPOSIX = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationEssentialsCompat", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

/// A target of Kotib's own, compiled with every check on.
func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
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
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Foundations: values, the kernel, the words between daemon and worker.
        target("KotibModel"),
        .target(name: "CKotibPOSIX"),
        target("KotibPOSIX", ["KotibModel", "CKotibPOSIX"]),
        target("KotibWorkerProtocol", ["KotibModel"]),

        // From a folder to rows.
        target("KotibWatch", ["KotibModel", "KotibPOSIX", log, heap, deque]),
        target("KotibCatalog", ["KotibModel", grdb, sqlite]),
        target(
            "KotibWorkerClient", [system, "KotibModel", "KotibPOSIX", "KotibWorkerProtocol", log, subprocess]),
        target("KotibIntake", ["KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "KotibWorkerClient"]),

        // From rows to words.
        target("KotibTranscription", ["KotibModel", "KotibPOSIX", "KotibCatalog", log]),
        target("KotibSidecars", ["KotibModel", "KotibPOSIX", "KotibCatalog", log, crypto]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        target("KotibHTTP", ["KotibPOSIX", "CCurl"]),
        target("KotibPrograms", ["KotibPOSIX", subprocess, system]),
        target(
            "KotibAccounts",
            ["KotibModel", "KotibPOSIX", "KotibCatalog", "KotibHTTP", "KotibPrograms", log, crypto, jwt]),
        target(
            "KotibHooks",
            [
                "KotibModel", "KotibCatalog", "KotibTranscription", "KotibHTTP", "KotibPrograms", log, crypto,
            ]),
        target(
            "KotibEngines",
            [
                "KotibModel", "KotibPOSIX", "KotibTranscription", "KotibWorkerProtocol", "KotibWorkerClient",
                "KotibHTTP", log,
            ]),
        target(
            "KotibIngest",
            [
                "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake", "KotibCatalog", "KotibTranscription",
                "KotibSidecars", log, crypto,
            ]),

        // The control socket.
        target("KotibControlProtocol"),
        target(
            "KotibControlServer",
            [
                "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake", "KotibCatalog", "KotibTranscription",
                "KotibSidecars", "KotibAccounts", "KotibHooks", "KotibIngest", "KotibControlProtocol", log,
                lifecycle,
                hummingbird, hummingbirdCore, httpTypes, nio, nioPOSIX, nioHTTP, nioHTTPTypes,
            ]),
        target("KotibControlClient", ["KotibControlProtocol", asyncHTTPClient, nio, nioHTTP, nioFoundation]),
        program(
            "kotibctl",
            ["KotibPOSIX", "KotibControlProtocol", "KotibControlClient", arguments, subprocess, system]),

        // The daemon.
        target(
            "KotibDaemon",
            [
                "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake", "KotibCatalog", "KotibTranscription",
                "KotibSidecars", "KotibHTTP", "KotibEngines", "KotibIngest", "KotibWorkerClient",
                "KotibWorkerProtocol", "KotibAccounts", "KotibHooks", "KotibControlServer", log, lifecycle,
                signals, toml,
            ]),
        program("kotibd", ["KotibDaemon", arguments]),

        // The worker: all that parses a stranger's bytes.
        .target(
            name: "CAV",
            linkerSettings: ["avformat", "avcodec", "avutil", "swresample"].map { .linkedLibrary($0) }),
        .target(name: "CMagic", linkerSettings: [.linkedLibrary("magic")]),
        .systemLibrary(name: "CWhisper", pkgConfig: "whisper"),
        .target(name: "CSandbox", linkerSettings: [.linkedLibrary("seccomp")]),
        target(
            "KotibWorker",
            [
                "KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "CAV", "CMagic", "CSandbox", "CWhisper",
            ]),
        program("kotib-worker", ["KotibWorker", "KotibWorkerProtocol", arguments]),

        // Tests: beside them what they share, and programs that stand in for faults.
        target(
            "KotibTestSupport", ["KotibModel", "KotibPOSIX", "KotibTranscription", log, subprocess, system]),
        target(
            "KotibControlTestSupport",
            ["KotibControlClient", "KotibTestSupport", hummingbird, hummingbirdCore, httpTypes, log, nio]),
        .executableTarget(
            name: "kotib-stand-in-worker",
            dependencies: ["KotibModel", "KotibPOSIX", "KotibWorkerProtocol"], path: "Tests/StandInWorker",
            swiftSettings: strict),
        .executableTarget(
            name: "kotib-sandbox-probe", dependencies: ["KotibWorker", "KotibPOSIX"],
            path: "Tests/SandboxProbe",
            swiftSettings: strict),
        tests("KotibModel", ["KotibModel", "KotibTestSupport"]),
        tests("KotibPOSIX", ["KotibModel", "KotibPOSIX", "KotibTestSupport"]),
        tests("KotibWatch", ["KotibModel", "KotibPOSIX", "KotibWatch", "KotibTestSupport", log]),
        tests("KotibIntake", ["KotibModel", "KotibPOSIX", "KotibIntake"]),
        tests("KotibCatalog", ["KotibModel", "KotibCatalog", "KotibTestSupport", grdb, sqlite]),
        tests(
            "KotibWorkerClient",
            [
                "KotibModel", "KotibPOSIX", "KotibWorkerProtocol", "KotibWorkerClient", "KotibIntake",
                "KotibTestSupport", log, "kotib-stand-in-worker",
            ]),
        tests(
            "KotibTranscription",
            ["KotibModel", "KotibPOSIX", "KotibCatalog", "KotibTranscription", "KotibTestSupport", grdb, log]),
        tests(
            "KotibSidecars",
            ["KotibModel", "KotibPOSIX", "KotibCatalog", "KotibSidecars", "KotibTestSupport", grdb, log]),
        tests(
            "KotibIngest",
            [
                "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake", "KotibCatalog", "KotibTranscription",
                "KotibSidecars", "KotibIngest", "KotibTestSupport", grdb, log, crypto,
            ]),
        tests("KotibHTTP", ["KotibPOSIX", "KotibHTTP", "KotibTestSupport"]),
        tests(
            "KotibEngines",
            [
                "KotibModel", "KotibPOSIX", "KotibTranscription", "KotibWorkerProtocol", "KotibWorkerClient",
                "KotibEngines", "KotibHTTP", "KotibTestSupport", log, "kotib-stand-in-worker", "kotib-worker",
                "kotibd",
            ]),
        tests("KotibPrograms", ["KotibPrograms", "KotibPOSIX", "KotibTestSupport"]),
        tests(
            "KotibAccounts",
            [
                "KotibModel", "KotibPOSIX", "KotibCatalog", "KotibHTTP", "KotibPrograms", "KotibAccounts",
                "KotibTestSupport", grdb, log, crypto, jwt,
            ]),
        tests(
            "KotibHooks",
            [
                "KotibModel", "KotibCatalog", "KotibTranscription", "KotibHTTP", "KotibHooks",
                "KotibTestSupport", grdb, log,
            ]),
        tests("KotibControlProtocol", ["KotibControlProtocol"]),
        tests(
            "KotibControlServer",
            [
                "KotibModel", "KotibPOSIX", "KotibWatch", "KotibIntake", "KotibCatalog", "KotibTranscription",
                "KotibSidecars", "KotibAccounts", "KotibHooks", "KotibIngest", "KotibControlProtocol",
                "KotibControlServer", "KotibTestSupport", log, grdb, hummingbird, hummingbirdCore, httpTypes,
                nio, nioPOSIX,
                nioHTTP,
                asyncHTTPClient,
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
                "kotibctl", "KotibControlProtocol", "KotibControlClient", "KotibControlTestSupport",
                "KotibTestSupport", arguments, system, hummingbird, httpTypes, nio,
            ]),
        tests("KotibDaemon", ["KotibDaemon", "KotibEngines", "KotibTestSupport", log]),
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
