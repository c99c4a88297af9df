// SPDX-License-Identifier: MIT

// The C library, which is a module of another name on each system, and what it has in another form
// on some. The only file that knows whose it is. Who imports this has all of it, and does not pass
// it on: `internal import CLibrary`.

#if canImport(Glibc)
    @_exported public import Glibc
#elseif canImport(Musl)
    @_exported public import Musl
#elseif canImport(Darwin)
    @_exported public import Darwin
#endif

/// The type of a stream for socket(2): a value of an enumeration in Glibc, a number elsewhere.
public var streamSocket: Int32 {
    #if canImport(Glibc)
        Int32(SOCK_STREAM.rawValue)
    #else
        SOCK_STREAM
    #endif
}

/// What is added to a socket's type so that no program inherits it that this one starts; 0 where
/// only fcntl(2) can say so.
public var closeOnExec: Int32 {
    #if canImport(Glibc)
        Int32(SOCK_CLOEXEC.rawValue)
    #elseif canImport(Musl)
        SOCK_CLOEXEC
    #else
        0
    #endif
}

/// What send(2) is told so that a closed connection raises no SIGPIPE; 0 where only an option of
/// the socket can say so.
public var noSignal: Int32 {
    #if canImport(Darwin)
        0
    #else
        Int32(MSG_NOSIGNAL)
    #endif
}

/// A thread of the system, which is owed one call of ``join()`` or ``detach()``.
///
/// Unchecked: some systems name a thread by a pointer, which is only handed to them.
public struct SystemThread: @unchecked Sendable {
    private let thread: pthread_t

    fileprivate init(_ thread: pthread_t) {
        self.thread = thread
    }

    /// Waits for the thread's end: pthread_join(3).
    public func join() {
        pthread_join(thread, nil)
    }

    /// Leaves nothing of the thread when it ends: pthread_detach(3).
    public func detach() {
        pthread_detach(thread)
    }
}

/// Calls `body` on a thread of its own.
///
/// - Returns: The thread and 0, or none and the number of errno(3).
public func createThread(
    _ body: sending @escaping () -> Void
) -> (thread: SystemThread?, error: Int32) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    #if canImport(Darwin)
        var thread: pthread_t?
    #else
        var thread = pthread_t()
    #endif
    let error = pthread_create(
        &thread, nil,
        { context in
            #if canImport(Darwin)
                let given = context
            #else
                let given = context!
            #endif
            // Balances the retain above.
            Unmanaged<ThreadBody>.fromOpaque(given).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard error == 0 else {
        // Nobody has taken the reference.
        box.release()
        return (nil, error)
    }
    #if canImport(Darwin)
        return (SystemThread(thread!), 0)
    #else
        return (SystemThread(thread), 0)
    #endif
}

private final class ThreadBody {
    let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }
}
