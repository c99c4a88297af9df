// SPDX-License-Identifier: MIT

// What this module uses of the C library: the only file that imports it, so what others need has a
// name here.

internal import CLibrary

/// Numbers of errno(3).
enum SystemError {
    static var accessDenied: Int32 { EACCES }
    static var again: Int32 { EAGAIN }
    static var brokenPipe: Int32 { EPIPE }
    static var addressInUse: Int32 { EADDRINUSE }
    static var addressNotAvailable: Int32 { EADDRNOTAVAIL }
    static var alreadyDone: Int32 { EALREADY }
    static var busy: Int32 { EBUSY }
    static var cancelled: Int32 { ECANCELED }
    static var exists: Int32 { EEXIST }
    static var invalidArgument: Int32 { EINVAL }
    static var nameTooLong: Int32 { ENAMETOOLONG }
    static var noBufferSpace: Int32 { ENOBUFS }
    static var noMemory: Int32 { ENOMEM }
    static var notAFolder: Int32 { ENOTDIR }
    static var notASocket: Int32 { ENOTSOCK }
    static var notFound: Int32 { ENOENT }
    static var notPermitted: Int32 { EPERM }
    static var notSupported: Int32 { ENOTSUP }
    static var otherThread: Int32 { EXDEV }
    static var tooLarge: Int32 { EMSGSIZE }
    static var tooManyLinks: Int32 { ELOOP }
    static var tooManyOpenFiles: Int32 { EMFILE }
    static var tooManyOpenFilesInSystem: Int32 { ENFILE }
}

/// Events of poll(2).
enum PollEvents {
    static var readable: UInt32 { UInt32(POLLIN) }
    static var writable: UInt32 { UInt32(POLLOUT) }
    static var error: UInt32 { UInt32(POLLERR) }
    static var hangUp: UInt32 { UInt32(POLLHUP) }
    static var invalid: UInt32 { UInt32(POLLNVAL) }
}

/// Whether both have the same `count` bytes, which both have at least.
@inline(__always)
func hasEqualBytes(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, _ count: Int) -> Bool {
    unsafe memcmp(one, other, count) == 0
}

/// Whether one of the `count` bytes is `byte`.
@inline(__always)
func hasByte(_ byte: UInt8, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    unsafe memchr(bytes, Int32(byte), count) != nil
}

/// Seconds since the beginning of 1970, by the system's clock.
func currentTime() -> Int64 {
    Int64(time(nil))
}

/// Memory of malloc(3): `count` bytes, not initialized; `nil` where the system refuses them.
package func allocateMemory(count: Int) -> UnsafeMutableRawPointer? {
    unsafe malloc(max(1, count))
}

/// Makes memory of malloc(3) larger or smaller, which may move it; `nil` where the system refuses,
/// and what was there is as before.
package func reallocateMemory(
    _ memory: UnsafeMutableRawPointer?, count: Int
) -> UnsafeMutableRawPointer? {
    unsafe realloc(memory, max(1, count))
}

/// Frees memory of malloc(3).
package func freeMemory(_ memory: UnsafeMutableRawPointer) {
    unsafe free(memory)
}

/// A mutex of the system's threads, which stays where it is in memory of its own.
@safe
struct SystemMutex: ~Copyable, @unchecked Sendable {
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deinitialize(count: 1)
        unsafe mutex.deallocate()
    }

    @inline(__always)
    func lock() {
        unsafe pthread_mutex_lock(mutex)
    }

    @inline(__always)
    func unlock() {
        unsafe pthread_mutex_unlock(mutex)
    }
}

/// What threads wait for that hold a mutex.
@safe
struct SystemCondition: ~Copyable, @unchecked Sendable {
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deinitialize(count: 1)
        unsafe condition.deallocate()
    }

    /// Gives the mutex up until it is signalled, or for no reason.
    func wait(_ mutex: borrowing SystemMutex) {
        unsafe pthread_cond_wait(condition, mutex.mutex)
    }

    /// One thread that waits goes on.
    func signal() {
        unsafe pthread_cond_signal(condition)
    }

    /// All threads that wait go on.
    func broadcast() {
        unsafe pthread_cond_broadcast(condition)
    }
}

/// Calls `body` on a thread of its own, which may block and takes no signals: those are the affair
/// of the threads that were there before.
///
/// - Returns: 0, or the number of errno(3) where there is no thread.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
    var all = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
    let (thread, error) = createThread(body)
    unsafe pthread_sigmask(SIG_SETMASK, &previous, nil)
    thread?.detach()
    return error
}
