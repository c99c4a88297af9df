// swift-tools-version: 6.2
import PackageDescription

/// The servers of load runs, and what measures single costs in Swift. They are a package of their
/// own, so that a user of the libraries fetches nothing for them. `scripts/bench` builds what it
/// measures.
let package = Package(
    name: "vanilla-bench",
    products: [
        .executable(name: "arena", targets: ["VanillaArena"])
    ],
    dependencies: [
        .package(name: "vanilla", path: ".."),
        .package(name: "vanilla-examples", path: "../Sources/VanillaExamples"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "VanillaArena",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaCompression", package: "vanilla"),
                .product(name: "CVanillaIO", package: "vanilla"), "VanillaArenaHandler",
                .product(name: "VanillaExampleOptions", package: "vanilla-examples"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Arena"
        ),
        .target(
            name: "VanillaArenaHandler",
            dependencies: [.product(name: "CVanillaIO", package: "vanilla")],
            path: "ArenaHandler"),
        .executableTarget(
            name: "VanillaRouterBench",
            dependencies: [.product(name: "Vanilla", package: "vanilla")],
            path: "micro/Router"),
        // The database benchmark's server.
        .executableTarget(
            name: "DatabaseBench",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaPostgres", package: "vanilla"),
                .product(name: "VanillaExampleOptions", package: "vanilla-examples"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Database"),
        .testTarget(
            name: "VanillaArenaTests",
            dependencies: [
                "VanillaArena", .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaTestSupport", package: "vanilla"),
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
