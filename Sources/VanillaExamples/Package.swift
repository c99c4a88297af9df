// swift-tools-version: 6.2
import PackageDescription

/// The example programs. They are a package of their own, so that a user of the libraries fetches
/// nothing for them. `scripts/run NAME` builds one and serves it.
let package = Package(
    name: "vanilla-examples",
    products: [
        .executable(name: "simple", targets: ["SimpleExample"]),
        .executable(name: "etag", targets: ["ETagExample"]),
        .executable(name: "sse", targets: ["SSEExample"]),
        .executable(name: "chat", targets: ["ChatExample"]),
        .executable(name: "database", targets: ["DatabaseExample"]),
        .executable(name: "hexagonal", targets: ["HexagonalExample"]),
        // For the servers of bench, too.
        .library(name: "VanillaExampleOptions", targets: ["VanillaExampleOptions"]),
    ],
    dependencies: [
        .package(name: "vanilla", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .target(
            name: "VanillaExampleOptions",
            dependencies: [
                .product(name: "CLibrary", package: "vanilla"),
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaTLS", package: "vanilla"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Options"
        ),
        .executableTarget(
            name: "SimpleExample",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "Simple"
        ),
        .executableTarget(
            name: "ETagExample",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaDigest", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "ETag"
        ),
        .executableTarget(
            name: "SSEExample",
            dependencies: [
                .product(name: "CLibrary", package: "vanilla"),
                .product(name: "Vanilla", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "SSE"
        ),
        .executableTarget(
            name: "ChatExample",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "Chat"
        ),
        .executableTarget(
            name: "DatabaseExample",
            dependencies: [
                .product(name: "CLibrary", package: "vanilla"),
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaPostgres", package: "vanilla"),
                .product(name: "PrivatePostgres", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "Database",
            exclude: ["compose.yml"]
        ),
        // What the example hexagonal needs of the system.
        .systemLibrary(name: "CSQLite", path: "CSQLite"),
        .systemLibrary(name: "CArgon2", path: "CArgon2"),
        // Three targets, so that the compiler sees that nothing inside knows what is outside.
        .target(name: "HexagonalDomain", path: "Hexagonal/Domain"),
        .target(
            name: "HexagonalApplication", dependencies: ["HexagonalDomain"],
            path: "Hexagonal/Application"),
        .executableTarget(
            name: "HexagonalExample",
            dependencies: [
                .product(name: "CLibrary", package: "vanilla"),
                "HexagonalApplication", "HexagonalDomain",
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaJSON", package: "vanilla"),
                .product(name: "VanillaPostgres", package: "vanilla"), "VanillaExampleOptions",
                "CSQLite", "CArgon2",
            ],
            path: "Hexagonal",
            exclude: ["Domain", "Application"]
        ),
        // A server of forms, cookies and JSON for real clients.
        .executableTarget(
            name: "FormServer",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaJSON", package: "vanilla"), "VanillaExampleOptions",
            ],
            path: "Tests/FormServer"
        ),
        .testTarget(
            name: "VanillaExamplesTests",
            dependencies: [
                "SimpleExample", "ETagExample", "SSEExample", "ChatExample", "DatabaseExample",
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaPostgres", package: "vanilla"),
                .product(name: "PrivatePostgres", package: "vanilla"),
                .product(name: "VanillaTesting", package: "vanilla"),
                .product(name: "VanillaTestSupport", package: "vanilla"),
            ]),
        .testTarget(
            name: "HexagonalTests",
            dependencies: [
                "HexagonalExample", "HexagonalApplication", "HexagonalDomain",
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaPostgres", package: "vanilla"),
                .product(name: "PrivatePostgres", package: "vanilla"),
                .product(name: "VanillaTestSupport", package: "vanilla"),
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
