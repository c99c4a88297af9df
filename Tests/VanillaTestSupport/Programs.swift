// SPDX-License-Identifier: MIT

import Foundation

/// Runs a program to its end, as `env` does: by its name, with variables before it. Its output and
/// its errors come together.
///
/// By way of a file: the end of a pipe may be inherited by a program that another test starts in
/// the same moment, and stay open for as long as that runs.
public func run(_ arguments: String...) throws -> (status: Int32, output: String) {
    try run(arguments)
}

public func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let status = try wait(for: try spawn(arguments, output: file.path))
    // Not all at once: of an empty file that leaks (Foundation of Swift 6.3.1).
    let said = try FileHandle(forReadingFrom: file).readToEnd() ?? Data()
    return (status, String(decoding: said, as: UTF8.self))
}

private func spawn(_ arguments: [String], output: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
    let words = (["/usr/bin/env"] + arguments).map { strdup($0) }
    let settings = environment.map { strdup($0) }
    defer { for text in words + settings { free(text) } }
    var process: pid_t = 0
    let error = posix_spawn(
        &process, "/usr/bin/env", &actions, nil, words + [nil], settings + [nil])
    guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
    return process
}

/// 128 and the signal for one that a signal ended, as a shell has it.
private func wait(for process: pid_t) throws -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
        guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECHILD) }
    }
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
}
