// SPDX-License-Identifier: MIT

import Foundation

/// A server's program that runs, as people run it, and the first line of what it says. It is ended
/// with this object.
public final class LaunchedProgram {
    private let process = Process()
    /// `nil` when it ended without one.
    public let line: String?

    public init(_ name: String, _ arguments: [String]) throws {
        let output = Pipe()
        process.executableURL = program(name)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty
            else { break }
            text += String(decoding: byte, as: UTF8.self)
        }
        line = text.hasSuffix("\n") ? String(text.dropLast()) : nil
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// The port that its line names; `nil` when it listens elsewhere.
    public var port: Int? {
        guard let line, let start = line.range(of: "http://127.0.0.1:")?.upperBound else {
            return nil
        }
        return Int(line[start...].prefix { $0 != " " })
    }

    /// Terminates it and waits for its end. Returns whether it ended by itself, with success.
    public func terminate() -> Bool {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}

/// For AddressSanitizer, before the name of a program: a parser of options that exits with a
/// message frees nothing before.
public let withoutLeakCheck = "ASAN_OPTIONS=detect_leaks=0"
