// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

/// What `docs/WHEN_IT_DOES_NOT_COMPILE.md` says: what builds does, what does not fails with the
/// message that the page has, and each message of the page is shown by a program.
///
/// A comment `// error: message` stands before the line that has the error. The snippets of one
/// file go through the compiler together.
@Suite(.serialized) struct CompilingTests {
    private static let folder = repository.appending(path: "Tests/Fixtures/Compiling")
    private static let nonsending = [
        "-enable-upcoming-feature", "NonisolatedNonsendingByDefault",
    ]

    @Test(arguments: [[], nonsending])
    func naturalFormsBuild(options: [String]) throws {
        let result = try compile(["Builds.swift"], ["-parse-as-library"] + options)
        #expect(result.status == 0, "\(result.output)")
    }

    @Test(arguments: [
        // The types, those of a program's first lines included, and what comes after them.
        (["Types.swift", "main.swift"], []), (["Lives.swift"], ["-parse-as-library"]),
        (["MainActor.swift"], ["-parse-as-library", "-default-isolation", "MainActor"]),
        (["Tests.swift"], ["-parse-as-library"]),
    ])
    func mistakesHaveTheMessagesOfThePage(files: [String], options: [String]) throws {
        let result = try compile(files, options)
        #expect(result.status != 0)
        for file in files {
            let found = errors(in: result.output, of: file)
            let expected = try expectedErrors(of: file)
            for (line, message) in expected {
                #expect(
                    found.contains { $0.line == line && $0.message.contains(message) },
                    "\(file):\(line): \(message)\n\(result.output)")
            }
            // No other line has one.
            let lines = Set(expected.map(\.line))
            #expect(found.allSatisfy { lines.contains($0.line) }, "\(result.output)")
        }
    }

    @Test func thePageHasAMessageForEachMistakeAndTheOtherWayRound() throws {
        let page = try String(
            contentsOf: repository.appending(path: "docs/WHEN_IT_DOES_NOT_COMPILE.md"),
            encoding: .utf8)
        let messages = page.split(separator: "\n").filter { $0.hasPrefix("### `") }.map { heading in
            String(heading.dropFirst(5).prefix { $0 != "`" })
        }
        let files = ["Types.swift", "main.swift", "Lives.swift", "MainActor.swift", "Tests.swift"]
        let shown = try files.flatMap { try expectedErrors(of: $0).map(\.message) }
        #expect(messages.count > 10 && Set(messages).count == messages.count)
        #expect(Set(shown) == Set(messages))
    }

    private func compile(
        _ files: [String], _ options: [String]
    ) throws -> (status: Int32, output: String) {
        try VanillaTests.compile(
            files.map { CompilingTests.folder.appending(path: $0).path }, ["-wmo"] + options)
    }

    /// The lines after comments that name an error.
    private func expectedErrors(of file: String) throws -> [(line: Int, message: String)] {
        let source = CompilingTests.folder.appending(path: file)
        let lines = try String(contentsOf: source, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().compactMap { index, line in
            guard let mark = line.range(of: "// error: ") else { return nil }
            return (index + 2, String(line[mark.upperBound...]))
        }
    }

    /// Of lines such as `/a/Types.swift:7:5: error: message`. Where the error is in what a macro
    /// has made, the next line says which place of the file that is.
    private func errors(in output: String, of file: String) -> [(line: Int, message: String)] {
        var lines = output.split(separator: "\n").map(String.init)
        for index in lines.indices.dropLast() where lines[index].hasPrefix("macro expansion ") {
            let message = lines[index].split(separator: ": error: ", maxSplits: 1).last ?? ""
            let place = lines[index + 1].drop { $0 != "/" }.split(separator: ": note: ").first ?? ""
            lines[index + 1] = "\(place): error: \(message)"
        }
        return lines.compactMap { line in
            guard let place = line.range(of: "/\(file):"), line.hasPrefix("/") else { return nil }
            let parts = line[place.upperBound...].split(separator: ":", maxSplits: 3)
            guard parts.count == 4, parts[2] == " error", let number = Int(parts[0]) else {
                return nil
            }
            return (number, String(parts[3]))
        }
    }
}
