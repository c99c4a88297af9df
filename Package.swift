// swift-tools-version: 6.2
import PackageDescription

/// The library's own Swift: every unsafe construct is marked, and a missing mark is an error.
let strict: [SwiftSetting] = [
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatWarning("StrictMemorySafety", as: .error),
]

/// With VANILLA_KQUEUE_MODEL in the environment the core has a third backend on Linux, for tests: kqueue
/// as Tests/KqueueModel models it. Such a build has a folder of its own.
let hasKqueueModel = Context.environment["VANILLA_KQUEUE_MODEL"] == "1"
let model: [Target.Dependency] = hasKqueueModel ? ["KqueueModel"] : []
let modelSettings: [CSetting] = hasKqueueModel ? [.define("VN_KQUEUE_MODEL")] : []

/// The libraries. They depend on no other package: what needs one, such as a program that reads its
/// command line, is a package beside them: `Sources/VanillaExamples` and `bench`.
let package = Package(
    name: "vanilla",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Vanilla", targets: ["Vanilla"]),
        .library(name: "VanillaTesting", targets: ["VanillaTesting"]),
        .library(name: "VanillaTestingJSON", targets: ["VanillaTestingJSON"]),
        .library(name: "VanillaDigest", targets: ["VanillaDigest"]),
        .library(name: "VanillaJSON", targets: ["VanillaJSON"]),
        .library(name: "VanillaFoundation", targets: ["VanillaFoundation"]),
        .library(name: "VanillaTLS", targets: ["VanillaTLS"]),
        .library(name: "VanillaTestingTLS", targets: ["VanillaTestingTLS"]),
        .library(name: "VanillaMiddleware", targets: ["VanillaMiddleware"]),
        .library(name: "VanillaCompression", targets: ["VanillaCompression"]),
        .library(name: "VanillaPostgres", targets: ["VanillaPostgres"]),
        .library(name: "VanillaPostgresFoundation", targets: ["VanillaPostgresFoundation"]),
        .library(name: "CVanillaIO", targets: ["CVanillaIO"]),
        // A PostgreSQL server for the tests of those who use VanillaPostgres.
        .library(name: "PrivatePostgres", targets: ["PrivatePostgres"]),
        // For the packages of the examples and of bench alone.
        .library(name: "CLibrary", targets: ["CLibrary"]),
        .library(name: "VanillaTestSupport", targets: ["VanillaTestSupport"]),
    ],
    targets: [
        .target(
            name: "CVanillaIO",
            dependencies: model,
            cSettings: [.define("_GNU_SOURCE", .when(platforms: [.linux]))] + modelSettings,
            linkerSettings: [.linkedLibrary("uring", .when(platforms: [.linux]))]
        ),
        .target(name: "Vanilla", dependencies: ["CVanillaIO", "CLibrary"], swiftSettings: strict),
        // The C library by one name. What is unsafe in it is another thing on each system, so
        // that no set of marks would be right on all.
        .target(name: "CLibrary"),
        .target(
            name: "VanillaTesting", dependencies: ["Vanilla", "CLibrary"], swiftSettings: strict),
        // libcrypto, for those who import VanillaDigest.
        .systemLibrary(name: "CCrypto"),
        .target(
            name: "VanillaDigest", dependencies: ["Vanilla", "CCrypto"], swiftSettings: strict),
        .target(name: "VanillaJSON", dependencies: ["Vanilla"], swiftSettings: strict),
        .target(name: "VanillaFoundation", dependencies: ["Vanilla"], swiftSettings: strict),
        .target(
            name: "VanillaTestingJSON", dependencies: ["VanillaTesting", "VanillaJSON"],
            swiftSettings: strict),
        // OpenSSL, for those who import VanillaTLS.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl"),
        .target(
            name: "CVanillaTLS", dependencies: ["CVanillaIO", "COpenSSL"],
            cSettings: [
                .define("_GNU_SOURCE", .when(platforms: [.linux])),
                .headerSearchPath("../CVanillaIO"),
            ],
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        .target(
            name: "VanillaTLS", dependencies: ["Vanilla", "CVanillaTLS"], swiftSettings: strict),
        .target(
            name: "VanillaTestingTLS",
            dependencies: ["VanillaTesting", "VanillaTLS", "CVanillaTLS"], swiftSettings: strict),
        .target(name: "VanillaMiddleware", dependencies: ["Vanilla"], swiftSettings: strict),
        // zlib, libbrotli and libzstd, for those who import VanillaCompression.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .target(
            name: "CVanillaCompression",
            dependencies: ["CVanillaIO", "CZlib", "CBrotli", "CZstd"],
            cSettings: [
                .define("_GNU_SOURCE", .when(platforms: [.linux])),
                .headerSearchPath("../CVanillaIO"),
            ],
            linkerSettings: [
                .linkedLibrary("z"), .linkedLibrary("brotlienc"), .linkedLibrary("brotlidec"),
                .linkedLibrary("zstd"),
            ]
        ),
        .target(
            name: "VanillaCompression",
            dependencies: ["Vanilla", "CVanillaCompression", "CLibrary"],
            swiftSettings: strict),
        // libpq, for those who import VanillaPostgres.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .target(
            name: "VanillaPostgres", dependencies: ["Vanilla", "CPostgres", "CLibrary"],
            swiftSettings: strict),
        .target(
            name: "VanillaPostgresFoundation", dependencies: ["VanillaPostgres"],
            swiftSettings: strict),
        // A PostgreSQL server of their own, for tests and for examples that are tried out.
        .target(name: "PrivatePostgres", dependencies: ["CLibrary"], swiftSettings: strict),
        .executableTarget(
            name: "PostgresServer", dependencies: ["PrivatePostgres", "CLibrary"],
            path: "Tests/PostgresServer"),
        // What tests of several targets and packages use.
        .target(
            name: "VanillaTestSupport",
            dependencies: ["Vanilla", "VanillaTesting", "VanillaTestingTLS", "CLibrary"],
            path: "Tests/VanillaTestSupport"),
        .testTarget(
            name: "VanillaTests",
            dependencies: ["Vanilla", "VanillaTesting", "VanillaTestSupport", "CLibrary"]),
        .testTarget(
            name: "VanillaTestingTests",
            dependencies: [
                "Vanilla", "VanillaJSON", "VanillaTesting", "VanillaTestingJSON",
                "VanillaTestSupport",
            ]),
        .testTarget(
            name: "VanillaTLSTests",
            dependencies: [
                "Vanilla", "VanillaTLS", "VanillaTesting", "VanillaTestingTLS",
                "VanillaTestSupport",
            ]),
        .testTarget(
            name: "VanillaCompressionTests",
            dependencies: [
                "Vanilla", "VanillaCompression", "CVanillaCompression", "VanillaTesting",
                "VanillaTestSupport", "CLibrary",
            ]),
        .testTarget(
            name: "VanillaMiddlewareTests",
            dependencies: ["Vanilla", "VanillaMiddleware", "VanillaTestSupport"]),
        .testTarget(name: "VanillaDigestTests", dependencies: ["Vanilla", "VanillaDigest"]),
        .testTarget(
            name: "VanillaJSONTests",
            dependencies: ["Vanilla", "VanillaJSON", "VanillaTestSupport"]),
        .testTarget(
            name: "VanillaFoundationTests",
            dependencies: ["Vanilla", "VanillaFoundation", "VanillaTestSupport"]),
        .testTarget(
            name: "VanillaPostgresTests",
            dependencies: [
                "Vanilla", "VanillaPostgres", "VanillaPostgresFoundation", "PrivatePostgres",
                "VanillaTesting", "VanillaTestSupport", "CLibrary",
            ]),
        .testTarget(
            name: "PrivatePostgresTests",
            dependencies: ["PrivatePostgres", "PostgresServer", "VanillaTestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)

#if os(Linux)
    package.targets += [
        // Checks of the core in C, called by the tests. They look at it through Linux, whatever its
        // backend: descriptors in /proc, filters that refuse system calls.
        .target(
            name: "CVanillaIOChecks",
            dependencies: ["CVanillaIO", "CVanillaTLS"],
            path: "Tests/CVanillaIOChecks",
            cSettings: [
                .define("_GNU_SOURCE"), .headerSearchPath("../../Sources/CVanillaIO"),
                .headerSearchPath("../../Sources/CVanillaTLS"),
            ]
        ),
        .testTarget(
            name: "CVanillaIOTests",
            dependencies: ["CVanillaIO", "CVanillaIOChecks", "VanillaTestSupport"]),
        // kqueue(2) on Linux, for tests.
        .target(
            name: "KqueueModel", path: "Tests/KqueueModel",
            cSettings: [.define("_GNU_SOURCE")] + modelSettings),
        .testTarget(name: "KqueueModelTests", dependencies: ["KqueueModel"]),
    ]
#endif
