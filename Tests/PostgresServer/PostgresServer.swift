// SPDX-License-Identifier: MIT

import CLibrary
import PrivatePostgres

/// A PostgreSQL server for clients that are no part of this program: says how to connect, does what
/// the lines of its standard input say, and is gone at their end, with all that was stored.
///
/// Each argument is a setting, as `max_connections=20`. The first two lines of its output are the
/// connection string and the URL; then each line of input is answered by `done`.
@main
enum PostgresServer {
    static func main() throws {
        let settings = try CommandLine.arguments.dropFirst().map(setting)
        let postgres = try PrivatePostgres(
            settings: Dictionary(settings) { _, last in last })
        say(postgres.connectionString)
        say(postgres.url)
        while let command = readLine() {
            try perform(command, on: postgres)
            say("done")
        }
        // As a program that has forgotten it: what is left is removed all the same.
        withExtendedLifetime(postgres) {}
    }

    private static func setting(_ argument: String) throws -> (String, String) {
        guard let equals = argument.firstIndex(of: "=") else { throw Refusal(argument) }
        return (
            String(argument[..<equals]), String(argument[argument.index(after: equals)...])
        )
    }

    private static func perform(_ command: String, on postgres: PrivatePostgres) throws {
        switch command {
        case "halt": try postgres.halt()
        case "start": try postgres.start()
        case "restart": try postgres.restart()
        case "suspend": postgres.suspend()
        case "resume": postgres.resume()
        default: throw Refusal(command)
        }
    }

    /// Output is a pipe for the most part, which would hold a line back.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

/// What was not understood.
private struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = "Neither name=value nor halt, start, restart, suspend or resume: \(text)"
    }
}
