// SPDX-License-Identifier: MIT

import CLibrary
import Synchronization

/// What a thread does, and all that it uses, which is released where the thread ends.
class ThreadBody {
    func run() {}
}

/// A thread of the system.
final class Thread: Sendable {
    private let isJoined = Atomic(false)
    private let thread: SystemThread

    /// Starts a thread, which has `body` to itself.
    init(_ body: ThreadBody) {
        // The compiler cannot see that the thread has it to itself.
        nonisolated(unsafe) let body = body
        let (thread, error) = createThread { body.run() }
        guard let thread else { fatalError("No thread can be made (\(error)).") }
        self.thread = thread
    }

    /// A thread that nobody waited for is nobody's from then on, and leaves nothing when it ends.
    deinit {
        if !isJoined.load(ordering: .acquiring) { thread.detach() }
    }

    /// Waits for the end of the thread. To be called once, and not by the thread itself.
    func join() {
        isJoined.store(true, ordering: .releasing)
        thread.join()
    }
}
