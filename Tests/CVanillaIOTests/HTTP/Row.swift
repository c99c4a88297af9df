// SPDX-License-Identifier: MIT

import Testing

/// A row of a table in C, by its name.
struct Row: CustomTestStringConvertible, Sendable {
    let index: Int
    let testDescription: String

    static func all(_ count: Int, _ name: (Int) -> UnsafePointer<CChar>?) -> [Row] {
        (0..<count).map { index in
            Row(index: index, testDescription: name(index).map { String(cString: $0) } ?? "")
        }
    }
}

/// Another one in each run; a failure prints it.
func makeSeed() -> UInt64 {
    .random(in: 1...UInt64.max)
}
