// swift-tools-version: 6.2
import PackageDescription

/// A package of somebody else that depends on Vanilla, with no flags set. The tests replace the
/// line of the dependency to try it by version, too.
let package = Package(
    name: "consumer",
    dependencies: [
        .package(path: "../vanilla")
    ],
    targets: [
        .executableTarget(
            name: "Consumer",
            dependencies: [
                .product(name: "Vanilla", package: "vanilla"),
                .product(name: "VanillaJSON", package: "vanilla"),
                .product(name: "VanillaTesting", package: "vanilla"),
            ])
    ]
)
