// SPDX-License-Identifier: MIT

import Foundation

/// The checkout that is being tested.
public let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Where the build that is being tested puts its programs: beside the one that runs the tests.
private let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

/// The modules of the build that is being tested.
public let modules = programs.appending(path: "Modules")

/// A program of the build that is being tested.
public func program(_ name: String) -> URL {
    programs.appending(path: name)
}
