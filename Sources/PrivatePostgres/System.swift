// SPDX-License-Identifier: MIT
// What systems do differently.

internal import CLibrary

#if canImport(Darwin)
    // An object that the calls make.
    typealias SpawnAttributes = posix_spawnattr_t?
    typealias SpawnFileActions = posix_spawn_file_actions_t?
    let emptyAttributes: SpawnAttributes = nil
    let emptyFileActions: SpawnFileActions = nil

    /// Makes a socket one that no started program inherits, and that raises no signal when its
    /// other end is closed.
    func prepare(_ socket: Int32) {
        var on: Int32 = 1
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        unsafe setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, 4)
    }

    /// A session of its own, and no descriptor but those that are named.
    let spawnFlags = Int32(POSIX_SPAWN_SETSID) | Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)

    /// A flag says so; output and errors are named here for that.
    func closeOthers(_ actions: UnsafeMutablePointer<SpawnFileActions>) {
        unsafe posix_spawn_file_actions_addinherit_np(actions, 1)
        unsafe posix_spawn_file_actions_addinherit_np(actions, 2)
    }

    /// The processes that a process started.
    func children(of process: pid_t) -> [pid_t] {
        var found = [pid_t](repeating: 0, count: 1024)
        let count = unsafe proc_listchildpids(process, &found, Int32(found.count * 4))
        return Array(found.prefix(max(0, Int(count))))
    }
#else
    typealias SpawnAttributes = posix_spawnattr_t
    typealias SpawnFileActions = posix_spawn_file_actions_t
    var emptyAttributes: SpawnAttributes { posix_spawnattr_t() }
    var emptyFileActions: SpawnFileActions { unsafe posix_spawn_file_actions_t() }

    /// All is said when a socket is made and when something is sent.
    func prepare(_ socket: Int32) {}

    /// POSIX_SPAWN_SETSID, which the headers show with _GNU_SOURCE alone.
    let spawnFlags: Int32 = 0x80

    /// Has the process begin without this program's descriptors, output and errors excepted.
    /// Closing what is not open does nothing, so what other threads open meanwhile is covered too.
    func closeOthers(_ actions: UnsafeMutablePointer<SpawnFileActions>) {
        let open = entries(of: "/proc/self/fd").compactMap { name in Int32(name) }
        for descriptor in 3...max(1023, (open.max() ?? 0) + 64) {
            unsafe posix_spawn_file_actions_addclose(actions, descriptor)
        }
    }

    /// The processes that a process started.
    func children(of process: pid_t) -> [pid_t] {
        let list = readFile("/proc/\(process)/task/\(process)/children") ?? ""
        return list.split(separator: " ").compactMap { text in pid_t(text) }
    }
#endif
