// SPDX-License-Identifier: MIT

/// The rows of a `COPY ... TO STDOUT`, as they come: each as the server sends it, which is one row
/// in the text and CSV formats, with the end of its line.
///
/// No more rows are read than the task takes, except for some 64 KiB. They are read once.
public struct PostgresCopyRows: AsyncSequence {
    let exchange: CopyExchange

    /// How many rows were copied, as the server counts them, once the last one was read; `nil`
    /// before. In the binary format the sequence has pieces that are no rows: a header and an end.
    public var count: Int? { exchange.isReadToTheEnd ? exchange.count : nil }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let exchange: CopyExchange

        /// The next row; nil after the last one.
        ///
        /// - Throws: What ended the COPY before.
        public nonisolated(nonsending) mutating func next() async throws -> [UInt8]? {
            try await exchange.nextRow()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(exchange: exchange)
    }
}
