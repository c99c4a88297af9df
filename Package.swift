// swift-tools-version: 6.2
import PackageDescription

/// The library's own Swift: every unsafe construct is marked, and a missing mark is an error.
let strict: [SwiftSetting] = [
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatWarning("StrictMemorySafety", as: .error),
]

let package = Package(
    name: "vanilla",
    // No `platforms`: it would claim Darwin, where nothing runs before there is a backend for kqueue.
    products: [
        .library(name: "Vanilla", targets: ["Vanilla"]),
        .library(name: "VanillaTesting", targets: ["VanillaTesting"]),
        .library(name: "VanillaDigest", targets: ["VanillaDigest"]),
        .library(name: "VanillaJSON", targets: ["VanillaJSON"]),
        .library(name: "VanillaPostgres", targets: ["VanillaPostgres"]),
        .library(name: "CVanillaIO", targets: ["CVanillaIO"]),
        .executable(name: "simple", targets: ["SimpleExample"]),
        .executable(name: "etag", targets: ["ETagExample"]),
        .executable(name: "sse", targets: ["SSEExample"]),
        .executable(name: "database", targets: ["DatabaseExample"]),
        .executable(name: "hexagonal", targets: ["HexagonalExample"]),
        .executable(name: "arena", targets: ["VanillaArena"]),
    ],
    dependencies: [
        // For the executables only; a user of the libraries does not build it.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(
            name: "CVanillaIO",
            cSettings: [.define("_GNU_SOURCE", .when(platforms: [.linux]))],
            linkerSettings: [.linkedLibrary("uring", .when(platforms: [.linux]))]
        ),
        .target(name: "Vanilla", dependencies: ["CVanillaIO"], swiftSettings: strict),
        .target(name: "VanillaTesting", dependencies: ["Vanilla"], swiftSettings: strict),
        // libcrypto, for those who import VanillaDigest.
        .systemLibrary(name: "CCrypto"),
        .target(
            name: "VanillaDigest", dependencies: ["Vanilla", "CCrypto"], swiftSettings: strict),
        .target(name: "VanillaJSON", dependencies: ["Vanilla"], swiftSettings: strict),
        // libpq, for those who import VanillaPostgres.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .target(
            name: "VanillaPostgres", dependencies: ["Vanilla", "CPostgres"], swiftSettings: strict),
        .target(
            name: "VanillaExampleOptions",
            dependencies: [
                "Vanilla", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/VanillaExamples/Options"
        ),
        .executableTarget(
            name: "SimpleExample",
            dependencies: ["Vanilla", "VanillaExampleOptions"],
            path: "Sources/VanillaExamples/Simple"
        ),
        .executableTarget(
            name: "ETagExample",
            dependencies: ["Vanilla", "VanillaDigest", "VanillaExampleOptions"],
            path: "Sources/VanillaExamples/ETag"
        ),
        .executableTarget(
            name: "SSEExample",
            dependencies: ["Vanilla", "VanillaExampleOptions"],
            path: "Sources/VanillaExamples/SSE"
        ),
        .executableTarget(
            name: "DatabaseExample",
            dependencies: [
                "Vanilla", "VanillaPostgres", "PrivatePostgres", "VanillaExampleOptions",
            ],
            path: "Sources/VanillaExamples/Database",
            exclude: ["compose.yml"]
        ),
        // What the example hexagonal needs of the system.
        .systemLibrary(name: "CSQLite", path: "Sources/VanillaExamples/CSQLite"),
        .systemLibrary(name: "CArgon2", path: "Sources/VanillaExamples/CArgon2"),
        // Three targets, so that the compiler sees that nothing inside knows what is outside.
        .target(name: "HexagonalDomain", path: "Sources/VanillaExamples/Hexagonal/Domain"),
        .target(
            name: "HexagonalApplication", dependencies: ["HexagonalDomain"],
            path: "Sources/VanillaExamples/Hexagonal/Application"),
        .executableTarget(
            name: "HexagonalExample",
            dependencies: [
                "HexagonalApplication", "HexagonalDomain", "Vanilla", "VanillaJSON",
                "VanillaPostgres", "VanillaExampleOptions", "CSQLite", "CArgon2",
            ],
            path: "Sources/VanillaExamples/Hexagonal",
            exclude: ["Domain", "Application"]
        ),
        .executableTarget(
            name: "VanillaArena",
            dependencies: [
                "Vanilla", "CVanillaIO", "VanillaArenaHandler", "VanillaExampleOptions",
            ],
            path: "bench/Arena"
        ),
        .target(
            name: "VanillaArenaHandler", dependencies: ["CVanillaIO"], path: "bench/ArenaHandler"),
        .executableTarget(
            name: "VanillaRouterBench", dependencies: ["Vanilla"], path: "bench/micro/Router"),
        // The database benchmark's server.
        .executableTarget(
            name: "DatabaseBench",
            dependencies: ["Vanilla", "VanillaPostgres", "VanillaExampleOptions"],
            path: "bench/Database"),
        // A server of forms, cookies and JSON for real clients.
        .executableTarget(
            name: "FormServer", dependencies: ["Vanilla", "VanillaJSON", "VanillaExampleOptions"],
            path: "Sources/VanillaExamples/Tests/FormServer"),
        // A PostgreSQL server of their own, for tests and for examples that are tried out.
        .target(name: "PrivatePostgres", swiftSettings: strict),
        .executableTarget(
            name: "PostgresServer", dependencies: ["PrivatePostgres"], path: "Tests/PostgresServer"),
        // Checks of the kernel in C, called by the tests.
        .target(
            name: "CVanillaIOChecks",
            dependencies: ["CVanillaIO"],
            path: "Tests/CVanillaIOChecks",
            cSettings: [
                .define("_GNU_SOURCE", .when(platforms: [.linux])),
                .headerSearchPath("../../Sources/CVanillaIO"),
            ]
        ),
        // What tests of several targets use.
        .target(
            name: "VanillaTestSupport", dependencies: ["Vanilla", "VanillaTesting"],
            path: "Tests/VanillaTestSupport"),
        .testTarget(name: "CVanillaIOTests", dependencies: ["CVanillaIO", "CVanillaIOChecks"]),
        .testTarget(
            name: "VanillaTests", dependencies: ["Vanilla", "VanillaTesting", "VanillaTestSupport"]),
        .testTarget(
            name: "VanillaTestingTests",
            dependencies: ["Vanilla", "VanillaTesting", "VanillaTestSupport"]),
        .testTarget(name: "VanillaDigestTests", dependencies: ["VanillaDigest"]),
        .testTarget(
            name: "VanillaJSONTests",
            dependencies: ["Vanilla", "VanillaJSON", "VanillaTestSupport"]),
        .testTarget(
            name: "HexagonalTests",
            dependencies: [
                "HexagonalExample", "HexagonalApplication", "HexagonalDomain", "Vanilla",
                "VanillaPostgres", "PrivatePostgres", "VanillaTestSupport",
            ],
            path: "Sources/VanillaExamples/Tests/HexagonalTests"),
        .testTarget(
            name: "VanillaExamplesTests",
            dependencies: [
                "SimpleExample", "ETagExample", "SSEExample", "DatabaseExample", "Vanilla",
                "VanillaPostgres", "PrivatePostgres", "VanillaTesting", "VanillaTestSupport",
            ],
            path: "Sources/VanillaExamples/Tests/VanillaExamplesTests"),
        .testTarget(
            name: "VanillaArenaTests",
            dependencies: ["VanillaArena", "Vanilla", "VanillaTestSupport"],
            path: "bench/Tests/VanillaArenaTests"),
        .testTarget(
            name: "VanillaPostgresTests",
            dependencies: ["Vanilla", "VanillaPostgres", "PrivatePostgres", "VanillaTestSupport"]),
        .testTarget(
            name: "PrivatePostgresTests",
            dependencies: ["PrivatePostgres", "PostgresServer", "VanillaTestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
