// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// The worker whose thread this is; `nil` on any other thread.
    public static var current: Worker? { ofThread { $0 } }

    /// The number of the worker whose thread this is, without holding the worker.
    package static var currentIndex: Int? { ofThread { $0.index } }

    /// What is asked of the worker whose thread this is, which is not held for it; `nil` on any
    /// other thread.
    static func ofThread<Value>(_ ask: (Worker) -> Value) -> Value? {
        guard let pointer = unsafe vn_worker_current(),
            let context = unsafe vn_worker_context(pointer)
        else { return nil }
        // The context of a worker of this library is its handler.
        return unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef {
            ask($0.worker)
        }
    }
}

extension WorkerExecutor {
    /// The executor of the worker whose thread this is; `nil` on other threads.
    static var current: WorkerExecutor? { Worker.ofThread { $0.executor } }
}
