// SPDX-License-Identifier: MIT
// A process in a session of its own, with one end of a socket as its standard input, and of this
// program's descriptors no other but its output and errors: it would keep open what is closed here.

internal import CLibrary

/// Starts a command that is found by `PATH`. Returns its process and this program's end of the
/// socket, which no other process inherits.
func spawn(_ command: [String]) throws(PrivatePostgresError) -> (process: pid_t, socket: Int32) {
    let (ours, theirs) = try makeSocketPair()
    defer { close(theirs) }
    var process: pid_t = 0
    let error = unsafe withFileActions(standardInput: theirs) { actions in
        unsafe withAttributes { attributes in
            unsafe withCStrings(command) { arguments in
                unsafe withCStrings(environment) { environment in
                    // A command has a first word, and all of it lives until the call returns.
                    unsafe posix_spawnp(
                        &process, arguments[0]!, actions, attributes, arguments, environment)
                }
            }
        }
    }
    if error != 0 {
        close(ours)
        throw PrivatePostgresError("\(command[0]) cannot be run", errorNumber: error)
    }
    return (process, ours)
}

/// Nothing else: variables that name a server, a port or a language would change what is started.
private var environment: [String] {
    ["PATH=\(environmentVariable("PATH") ?? "/usr/bin:/bin")", "LC_ALL=C", "TZ=UTC"]
}

private func makeSocketPair() throws(PrivatePostgresError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, streamSocket | closeOnExec, 0, &ends) == 0 else {
        throw PrivatePostgresError("No sockets can be made", errorNumber: errno)
    }
    prepare(ends[0])
    prepare(ends[1])
    return (ends[0], ends[1])
}

/// In a session of its own no signal of the terminal reaches it, which is for this program. No
/// signal is blocked or ignored there, whatever this thread does.
private func withAttributes(
    _ body: (UnsafePointer<SpawnAttributes>) -> Int32
) -> Int32 {
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    var attributes = emptyAttributes
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    let flags =
        Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | spawnFlags
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    return unsafe body(&attributes)
}

private func withFileActions(
    standardInput: Int32, _ body: (UnsafePointer<SpawnFileActions>) -> Int32
) -> Int32 {
    var actions = unsafe emptyFileActions
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
    unsafe closeOthers(&actions)
    return unsafe body(&actions)
}

/// Lends texts as C has them, with a null pointer after them.
private func withCStrings(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
) -> Int32 {
    var copies = unsafe texts.map { text in unsafe strdup(text) } + [nil]
    defer {
        unsafe copies.forEach { copy in unsafe free(copy) }
    }
    return unsafe body(&copies)
}
