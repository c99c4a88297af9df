// SPDX-License-Identifier: MIT

internal import Synchronization

extension ResponseWriter {
    /// The promise of an answer: made by ``ResponseWriter/sendLater(_:)``, kept and finished on any
    /// thread, by the callback of another library for instance.
    ///
    /// It is finished once; what comes after that changes nothing. When it is released unfinished,
    /// the client gets 500; when it is kept unfinished, the client gets 503 after
    /// `deadlines.handler`. Once the exchange is over, because that time has passed or the client
    /// has gone, an answer is released without being called. To hand it to C, use `Unmanaged`.
    public final class Completion: Sendable {
        private let exchange: ResponseWriter.Handle
        private let isFinished = Atomic(false)

        init(of exchange: ResponseWriter.Handle) {
            self.exchange = exchange
        }

        deinit {
            if isFinished.load(ordering: .acquiring) { return }
            exchange.complete { _ in throw Forgotten() }
        }

        /// Gives the answer.
        ///
        /// - Parameter answer: Called soon on the exchange's worker, with its response.
        /// - Returns: False where it was finished before: this answer is not called.
        @discardableResult
        public func finish(
            _ answer: @escaping @Sendable (inout ResponseWriter) throws -> Void
        ) -> Bool {
            if isFinished.exchange(true, ordering: .acquiringAndReleasing) { return false }
            exchange.complete(answer)
            return true
        }
    }
}

private struct Forgotten: Error, CustomStringConvertible {
    let description = "nobody finished it, and it was forgotten"
}
