// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

/// Programs that keep what is only lent, and others that would race: none of them may build. The
/// first line of each says why it must not, in the compiler's words; one shows what is allowed, so
/// that the others fail for their reason.
@Suite(.serialized) struct EscapeTests {
    private static let folder = repository.appending(path: "Tests/Fixtures/Escapes")

    static var programs: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                $0.hasSuffix(".swift")
            }.sorted()
        }
    }

    @Test func hasPrograms() throws {
        #expect(try EscapeTests.programs.count > 10)
    }

    @Test(arguments: try EscapeTests.programs)
    func isCheckedByTheCompiler(program: String) throws {
        let source = EscapeTests.folder.appending(path: program)
        let text = try String(contentsOf: source, encoding: .utf8)
        let firstLine = text.prefix { !$0.isNewline }
        let result = try compile([source.path])

        if firstLine == "// builds" {
            #expect(result.status == 0, "\(result.output)")
        } else {
            let expected = firstLine.dropFirst("// error: ".count)
            #expect(firstLine.hasPrefix("// error: ") && !expected.isEmpty)
            #expect(result.status == 1, "\(result.output)")
            #expect(result.output.contains(expected), "\(result.output)")
        }
    }
}
