// SPDX-License-Identifier: MIT

import Foundation

/// The checkout that is being tested.
let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The modules of the build that is being tested: they lie beside the program that runs the tests.
let modules = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "Modules")
