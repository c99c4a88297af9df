// SPDX-License-Identifier: MIT

internal import Vanilla

/// Looks up the addresses of hosts, each on a thread of its own, since that blocks: a name server
/// that is silent about one must not hold up the others. Only on the worker's thread.
final class HostSearch {
    /// The addresses of those that were found.
    private(set) var found: [String: [String]] = [:]
    /// Why one was not found.
    private(set) var failure = ""
    private var pending = 0
    private var changed: (() -> Void)?

    /// Whether every host was found, or was not.
    var isOver: Bool { pending == 0 }

    /// Begins. `changed` is called after each of them, unless this is closed before.
    func begin(_ names: [String], on worker: Worker, _ changed: @escaping () -> Void) {
        self.changed = changed
        pending = names.count
        // The other threads do not use this object, and only pass it on; when the worker has ended
        // nobody does.
        let box = Box(self)
        let take: @Sendable (String, [String], String) -> Void = { name, addresses, failure in
            worker.run {
                if worker.isCurrent { box.value.take(name, addresses, failure) }
            }
        }
        for name in names {
            let code = startThread {
                var failure = ""
                let addresses = HostLookup.addresses(of: name, &failure)
                take(name, addresses, failure)
            }
            if code != 0 {
                take(name, [], "No thread is available.")
            }
        }
    }

    private func take(_ name: String, _ addresses: [String], _ failure: String) {
        pending -= 1
        if addresses.isEmpty { self.failure = failure } else { found[name] = addresses }
        changed?()
    }

    func close() {
        changed = nil
    }
}
