// SPDX-License-Identifier: MIT

internal import Vanilla

/// What a worker has learned of its database's types. On any thread: a task reads it wherever it
/// gets its rows, and only where there are types that are not the same in every database.
final class TypeCatalog: Sendable {
    struct Known {
        var table = TypeTable.empty
        /// How often everything was forgotten.
        fileprivate var epoch = 0
    }

    private let state = Lock(Known())

    var known: Known { state.withLock { $0 } }

    /// Takes what was learned from what was known, unless that was forgotten meanwhile.
    func learn(_ table: TypeTable, after known: Known) {
        state.withLock { state in
            if state.epoch == known.epoch { state.table = state.table.adding(table) }
        }
    }

    func forget() {
        state.withLock { $0 = Known(epoch: $0.epoch + 1) }
    }
}
