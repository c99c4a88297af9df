// SPDX-License-Identifier: MIT

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a thread does, and all that it uses, which is released where the thread ends.
class ThreadBody {
    func run() {}
}

/// A thread of the system.
///
/// Unchecked: some systems name a thread by a pointer, which is only handed to them.
final class Thread: @unchecked Sendable {
    private let isJoined = Atomic(false)
    private let thread: pthread_t

    /// Starts a thread, which has `body` to itself.
    init(_ body: ThreadBody) {
        let context = Unmanaged.passRetained(body).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
            let error = pthread_create(&thread, nil, { context in runThread(context) }, context)
            guard error == 0, let thread else { fatalError("No thread can be made (\(error)).") }
        #else
            var thread = pthread_t()
            let error = pthread_create(&thread, nil, { context in runThread(context!) }, context)
            guard error == 0 else { fatalError("No thread can be made (\(error)).") }
        #endif
        self.thread = thread
    }

    /// A thread that nobody waited for is nobody's from then on, and leaves nothing when it ends.
    deinit {
        if !isJoined.load(ordering: .acquiring) { pthread_detach(thread) }
    }

    /// Waits for the end of the thread. To be called once, and not by the thread itself.
    func join() {
        isJoined.store(true, ordering: .releasing)
        pthread_join(thread, nil)
    }
}

private func runThread(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
