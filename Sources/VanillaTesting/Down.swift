// SPDX-License-Identifier: MIT

internal import Vanilla

/// Whether the thread of a server has ended.
final class Down: Sendable {
    private struct State {
        var isReached = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Lock(State())

    func reach() {
        let actions = state.withLock { state in
            defer { state = State(isReached: true) }
            return state.actions
        }
        for action in actions { action() }
    }

    /// Calls `action` once it has, or at once where it did.
    func whenReached(_ action: @escaping @Sendable () -> Void) {
        let isReached = state.withLock { state in
            if !state.isReached { state.actions.append(action) }
            return state.isReached
        }
        if isReached { action() }
    }
}
