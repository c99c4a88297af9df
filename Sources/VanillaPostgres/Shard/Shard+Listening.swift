// SPDX-License-Identifier: MIT

internal import Vanilla

// Listens for the tasks of the worker, on a connection that is none of those for queries.

extension Shard: SubscriptionOwner {
    var listeningTimeout: Duration { configuration.acquireTimeout }

    var listeningWords: String { listener?.lastWords ?? "" }

    func join(_ subscription: Subscription) {
        findListener().add(subscription)
    }

    func leave(_ subscription: Subscription) {
        listener?.remove(subscription)
    }

    private func findListener() -> Listener {
        if let listener { return listener }
        let (configuration, resolver) = shared.listening
        let made = Listener(
            Context(worker: worker, configuration: configuration, resolver: resolver))
        listener = made
        return made
    }
}
