// swift-tools-version: 6.2
// Kotib: a daemon that turns a folder into a transcription service.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A target of Kotib's own, compiled with every check on.
func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kotib",
    targets: [
        target("KotibModel"),
        .target(name: "CKotibPOSIX"),
        target("KotibPOSIX", ["KotibModel", "CKotibPOSIX"]),
        target("KotibWorkerProtocol", ["KotibModel"]),
    ]
)
