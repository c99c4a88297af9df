// SPDX-License-Identifier: MIT

internal import CLibrary

// What clients of the tests say differently on each system.

/// socket(2) of a stream: a value of an enumeration in Glibc, a number elsewhere.
#if canImport(Glibc)
    public let streamType = Int32(SOCK_STREAM.rawValue)
#else
    public let streamType = Int32(SOCK_STREAM)
#endif

/// send(2) that raises no SIGPIPE; macOS has no such flag.
#if canImport(Darwin)
    public let sendFlags: Int32 = 0
#else
    public let sendFlags = Int32(MSG_NOSIGNAL)
#endif
