// SPDX-License-Identifier: MIT

internal import Vanilla

/// What passes between a task that copies rows and its connection: bounded, so that the slower of
/// both holds up the other.
///
/// The task calls `start`, `nextRow`, `send`, `finish` and `end` on any thread; everything happens
/// on the worker's.
@safe
final class CopyExchange: @unchecked Sendable {
    let command: CopyCommand
    let sql: String
    private let worker: Worker
    /// Has the connection look at what the task wants. On the worker's thread.
    var wake: (() -> Void)?

    /// The server is ready for rows, or about to send them.
    private var hasBegun = false
    /// No row is wanted any more, or none is sent: what is under way has to end.
    private(set) var isAbandoned = false
    private var isOver = false
    private var failure: (any Error)?
    /// How many rows were copied, as the server counts them.
    private(set) var count: Int?

    /// Rows that have come, and what they take.
    private let rows = Queue<[UInt8]>()
    private(set) var size = 0
    /// The task was told that there are no more rows.
    private(set) var isReadToTheEnd = false

    /// What the connection has to send, and whether it has it already.
    private var piece: [UInt8]?
    /// The task has sent everything, or cannot go on.
    private(set) var isFinished = false

    private enum Wish {
        case start
        case row
        case room
    }

    private var wish = Wish.start
    private var continuation: UnsafeContinuation<[UInt8]?, any Error>?

    /// Rows that wait for the task take at most so much, and one row more.
    static let room = 65536

    init(_ command: CopyCommand, _ sql: String, on worker: Worker) {
        self.command = command
        self.sql = sql
        self.worker = worker
    }
}

// MARK: - The task

extension CopyExchange {
    /// Waits until the server is ready.
    nonisolated(nonsending) func start() async throws {
        _ = try await wait(for: .start)
    }

    /// The next row; nil after the last one.
    nonisolated(nonsending) func nextRow() async throws -> [UInt8]? {
        if worker.isCurrent, let row = takeRow() { return row }
        let row = try await wait(for: .row)
        if row == nil { isReadToTheEnd = true }
        return row
    }

    /// Sends a piece, and waits until the connection has handed it to the system.
    nonisolated(nonsending) func send(_ piece: [UInt8]) async throws {
        _ = try await wait(for: .room, sending: piece)
    }

    /// Everything was sent.
    func finish() {
        onWorker {
            self.isFinished = true
            self.wake?()
        }
    }

    /// Nothing more passes, and nobody wants anything of what is still under way.
    func abandon() {
        onWorker {
            guard !self.isOver else { return }
            self.isAbandoned = true
            while self.rows.removeFirst() != nil {}
            self.piece = nil
            self.wake?()
        }
    }

    /// It is over, with so many rows or with an error.
    func end(_ result: Result<Int, any Error>) {
        onWorker {
            self.isOver = true
            switch result {
            case .success(let count):
                self.count = count
                // Rows were thrown away: their task must not take those before them for all.
                if self.isAbandoned { self.failure = CancellationError() }
            case .failure(let error): self.failure = error
            }
            self.wake = nil
            self.settle()
        }
    }

    private func onWorker(_ body: @escaping @Sendable () -> Void) {
        worker.isCurrent ? body() : worker.run(body)
    }

    nonisolated(nonsending) private func wait(
        for wish: Wish, sending piece: [UInt8]? = nil
    ) async throws -> [UInt8]? {
        try await unsafe withUnsafeThrowingContinuation { continuation in
            if worker.isCurrent { return unsafe begin(wish, piece, continuation) }
            worker.run { [self] in unsafe begin(wish, piece, continuation) }
        }
    }

    @unsafe
    private func begin(
        _ wish: Wish, _ piece: [UInt8]?, _ continuation: UnsafeContinuation<[UInt8]?, any Error>
    ) {
        // Where the worker has ended, so has the connection.
        guard worker.isCurrent else {
            return unsafe continuation.resume(
                throwing: PostgresError(.stopped, "The worker stops."))
        }
        self.wish = wish
        self.piece = piece
        unsafe self.continuation = unsafe continuation
        settle()
        wake?()
    }

    /// Lets the task go on, if what it waits for is there.
    private func settle() {
        guard let continuation = unsafe continuation else { return }
        if isOver, let failure {
            unsafe self.continuation = nil
            return unsafe continuation.resume(throwing: failure)
        }
        var row: [UInt8]?
        switch wish {
        case .start: guard hasBegun || isOver else { return }
        case .row:
            row = takeRow()
            guard row != nil || isOver else { return }
        case .room: guard piece == nil || isOver else { return }
        }
        unsafe self.continuation = nil
        unsafe continuation.resume(returning: row)
    }

    private func takeRow() -> [UInt8]? {
        guard let row = rows.removeFirst() else { return nil }
        let hadRoom = size < Self.room
        size -= row.count
        if !hadRoom && size < Self.room { wake?() }
        return row
    }
}

// MARK: - The connection, on the worker's thread

extension CopyExchange {
    func begun() {
        hasBegun = true
        settle()
    }

    /// Whether a row may come.
    var hasRoom: Bool { isAbandoned || size < Self.room }

    func give(_ row: [UInt8]) {
        guard !isAbandoned else { return }
        rows.append(row)
        size += row.count
        settle()
    }

    /// What is to be sent.
    var unsent: [UInt8]? { piece }

    /// All of it was handed to the system.
    func wasSent() {
        piece = nil
        settle()
    }
}
