// SPDX-License-Identifier: MIT

// The C library, which is a module of another name on each system. Who imports this has all of it,
// and does not pass it on: `internal import CLibrary`.

#if canImport(Glibc)
    @_exported public import Glibc
#elseif canImport(Musl)
    @_exported public import Musl
#elseif canImport(Darwin)
    @_exported public import Darwin
#endif
