// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

/// Another package can use Vanilla with no flags set, by path and by version, and fetches nothing
/// else.
@Suite(.serialized) struct ConsumerTests {
    private let expected = """
        HTTP/1.1 200 OK Hello, World!
        true
        HTTP/1.1 200 OK 7
        HTTP/1.1 200 OK [1,2]
        HTTP/1.1 404 Not Found \n
        """

    @Test func buildsByPath() throws {
        try withWorkspace { workspace in
            try FileManager.default.createSymbolicLink(
                at: workspace.appending(path: "vanilla"), withDestinationURL: repository)
            try expectConsumerRuns(in: workspace)
            #expect(fetched(in: workspace) == [])
        }
    }

    @Test func buildsByVersion() throws {
        try withWorkspace { workspace in
            let clone = workspace.appending(path: "vanilla")
            try copyPackage(to: clone)
            try git(clone, "init", "--quiet")
            try git(clone, "add", "--all")
            try git(clone, "commit", "--quiet", "--message", "the state under test")
            try git(clone, "tag", "1.0.0")

            let manifest = workspace.appending(path: "consumer/Package.swift")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            let byPath = #".package(path: "../vanilla")"#
            let byVersion = #".package(url: "\#(clone.absoluteURL)", from: "1.0.0")"#
            #expect(text.contains(byPath))
            try text.replacingOccurrences(of: byPath, with: byVersion)
                .write(to: manifest, atomically: true, encoding: .utf8)
            try expectConsumerRuns(in: workspace)
            #expect(fetched(in: workspace) == ["vanilla"])
        }
    }

    /// A temporary folder with a copy of the consumer in it.
    private func withWorkspace(_ body: (URL) throws -> Void) throws {
        let workspace = FileManager.default.temporaryDirectory.appending(
            path: "vanilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: workspace, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: workspace) }
        try FileManager.default.copyItem(
            at: repository.appending(path: "Tests/Fixtures/Consumer"),
            to: workspace.appending(path: "consumer"))
        try body(workspace)
    }

    private func expectConsumerRuns(in workspace: URL) throws {
        let result = try run(
            "swift", "run", "--quiet", "--package-path", workspace.appending(path: "consumer").path,
            "--scratch-path", workspace.appending(path: "build").path, "Consumer")
        #expect(result.status == 0)
        #expect(result.output.hasSuffix(expected), "\(result.output)")
    }

    /// The packages that were fetched for the consumer.
    private func fetched(in workspace: URL) -> [String] {
        let checkouts = workspace.appending(path: "build/checkouts")
        return (try? FileManager.default.contentsOfDirectory(atPath: checkouts.path)) ?? []
    }

    /// What the manifest speaks of, as it is now.
    private func copyPackage(to clone: URL) throws {
        try FileManager.default.createDirectory(at: clone, withIntermediateDirectories: true)
        for name in ["Package.swift", "Sources", "Tests"] {
            let source = repository.appending(path: name).resolvingSymlinksInPath()
            try FileManager.default.copyItem(at: source, to: clone.appending(path: name))
        }
        // The examples are a package of their own, and may have a build in their folder.
        try FileManager.default.removeItem(at: clone.appending(path: "Sources/VanillaExamples"))
    }

    private func git(_ folder: URL, _ arguments: String...) throws {
        let author = [
            "-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c",
            "commit.gpgsign=false",
        ]
        let result = try run(["git", "-C", folder.path] + author + arguments)
        #expect(result.status == 0, "\(result.output)")
    }
}
