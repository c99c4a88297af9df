// SPDX-License-Identifier: MIT

/// The start hooks of one life of a server, and then its stop hooks, in tasks on its first worker.
///
/// C begins them there and asks after each turn of the worker how they stand. One that has not
/// returned when its time is over goes on wherever its task does, and is not waited for.
final class LifeHooks: Sendable {
    private struct State {
        var hooks: [LifeHook] = []
        /// How many of them have been come to: start hooks that have succeeded, and stop hooks that
        /// are to run.
        var reached = 0
        var task: Task<Void, Never>?
        /// Of another one for each task: one that is waited for no longer says nothing.
        var turn = 0
        /// `nil` while the task runs.
        var result: Result<Void, any Error>?
    }

    private let state = Lock(State())
    private let owner: Hooks

    init(of owner: Hooks) {
        self.owner = owner
    }

    /// Begins them. On the worker's thread.
    func begin(on worker: Worker, isStop: Bool) {
        let (hooks, reached, turn) = state.withLock { state in
            if !isStop {
                state.hooks = owner.life.withLock { $0 }
                state.reached = 0
            }
            state.result = nil
            state.turn += 1
            return (state.hooks, state.reached, state.turn)
        }
        let task = Task(executorPreference: worker.taskExecutor) {
            let result =
                isStop ? await self.stop(hooks.prefix(reached)) : await self.start(hooks, turn)
            self.state.withLock { if $0.turn == turn { $0.result = result } }
        }
        state.withLock { $0.task = task }
    }

    @concurrent private func start(
        _ hooks: [LifeHook], _ turn: Int
    ) async -> Result<Void, any Error> {
        for hook in hooks {
            do {
                try Task.checkCancellation()
                if case .start(let body) = hook { try await body() }
            } catch {
                return .failure(error)
            }
            state.withLock { if $0.turn == turn { $0.reached += 1 } }
        }
        return .success(())
    }

    @concurrent private func stop(_ hooks: ArraySlice<LifeHook>) async -> Result<Void, any Error> {
        for case .stop(let body) in hooks.reversed() {
            do {
                try await body()
            } catch {
                owner.report(.error, "A stop hook has failed: \(error)")
            }
        }
        return .success(())
    }

    /// What came of them; `nil` while they run.
    var result: Result<Void, any Error>? { state.withLock { $0.result } }

    func cancel() {
        state.withLock { $0.task }?.cancel()
    }
}
