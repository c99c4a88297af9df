// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The bodies of one request whose handler is asynchronous: what has come of the request's and was
/// not taken, and whether the handler waits for more of it, or for room in the answer's.
///
/// Everything happens on the worker's thread, so nothing is locked; on another one it refuses.
@safe
final class AsyncBodies {
    /// C's exchange; `nil` once the handler has returned.
    private var call: OpaquePointer?
    private let owner: any AsyncRunnerOwner

    private var progress = Progress.untouched
    /// What was delivered and not taken.
    private var piece: [UInt8] = []
    /// Whether the last piece was delivered.
    private var isComplete = false
    /// Whether C delivers nothing until it is told so.
    private var isPaused = false
    private var wait: WorkerWait<Void>?

    private enum Progress {
        case untouched
        /// It is taken piece by piece.
        case streaming
        /// It is gathered, up to so many bytes, until something is wrong with it.
        case collecting(maximum: Int, refusal: RequestError?)
        /// It is there, in C's request; so many bytes were taken as pieces.
        case whole(taken: Int)
    }

    /// The bytes that wait for the handler, about, before nothing more is read from the client, and
    /// of a piece of a body that is there.
    private static let maximumPieceCount = 64 * 1024

    init(of call: OpaquePointer, on owner: any AsyncRunnerOwner) {
        unsafe self.call = call
        self.owner = owner
    }

    /// The handler has returned: whoever kept this is refused.
    func end() {
        unsafe call = nil
    }

    /// - Throws: ``BodyError``, or `CancellationError`.
    private func open() throws -> OpaquePointer {
        if Task.isCancelled { throw CancellationError() }
        if !owner.isCurrent { throw BodyError.notOnWorker }
        guard let call = unsafe call else { throw BodyError.handlerReturned }
        return unsafe call
    }

    /// Waits until something has changed, or throws `CancellationError`.
    nonisolated(nonsending) private func waitForChange() async throws {
        if wait != nil { throw BodyError.taken }
        guard let worker = Worker.ofThread({ $0 }) else { throw BodyError.notOnWorker }
        let wait = WorkerWait<Void>(on: worker)
        self.wait = wait
        defer { self.wait = nil }
        try await wait.value {}
    }

    private func noteChange() {
        wait?.finish(.success(()))
    }
}

// MARK: - The request's body

extension AsyncBodies {
    /// The next piece; `nil` at the end.
    nonisolated(nonsending) func nextPiece() async throws -> [UInt8]? {
        while true {
            if let piece = try takePiece() { return piece.isEmpty ? nil : piece }
            try await waitForChange()
        }
    }

    /// Gathers the body into C's request.
    nonisolated(nonsending) func collect(upTo maximum: Int) async throws {
        try beginCollecting(upTo: maximum)
        while case .collecting(_, let refusal) = progress {
            if let refusal { throw refusal }
            let call = unsafe try open()
            if isComplete {
                unsafe vn_detached_gathered(call)
                progress = .whole(taken: 0)
                return
            }
            try unsafe BodyError.check(vn_detached_can_receive(call))
            try await waitForChange()
        }
    }

    /// C delivers a piece. Returns what it is to do.
    @unsafe
    func receive(_ bytes: vn_span, isLast: Bool) -> Int32 {
        isComplete = isLast
        if case .collecting(let maximum, _) = progress, let call = unsafe call {
            let result = unsafe vn_detached_gather(call, bytes, UInt64(maximum))
            if result < 0 {
                progress = .collecting(
                    maximum: maximum, refusal: .init(gatheringBody: result, upTo: maximum))
                isPaused = true
            }
        } else {
            unsafe piece.append(
                contentsOf: UnsafeBufferPointer(start: bytes.bytes, count: bytes.count))
            isPaused = piece.count >= Self.maximumPieceCount
        }
        if isLast || isPaused || !piece.isEmpty { noteChange() }
        return Int32(isPaused ? VN_RECEIVE_PAUSE : VN_RECEIVE_MORE)
    }

    /// `nil` where none is there yet; without bytes at the end.
    private func takePiece() throws -> [UInt8]? {
        let call = unsafe try open()
        switch progress {
        case .untouched:
            progress = unsafe try begin(call) ? .whole(taken: 0) : .streaming
            return try takePiece()
        case .whole(let taken):
            // C's request lives as long as its call, and has this body from now on.
            let body = unsafe Bytes(lent: vn_detached_request(call).pointee.body)
            let piece = Array(body.dropFirst(taken).prefix(Self.maximumPieceCount))
            progress = .whole(taken: taken + piece.count)
            return piece
        case .collecting:
            throw BodyError.taken
        case .streaming:
            if piece.isEmpty && !isComplete {
                try unsafe BodyError.check(vn_detached_can_receive(call))
                return nil
            }
            let taken = piece
            piece = []
            if isPaused {
                isPaused = false
                unsafe vn_detached_resume(call)
            }
            return taken
        }
    }

    /// Whether the body is there, instead of being delivered from now on.
    private func begin(_ call: OpaquePointer) throws -> Bool {
        let result = unsafe vn_detached_receive(call)
        try BodyError.check(result)
        return result == 1
    }

    private func beginCollecting(upTo maximum: Int) throws {
        let call = unsafe try open()
        let tooLarge = RequestError(gatheringBody: -SystemError.tooLarge, upTo: maximum)
        let request = unsafe Request(lent: vn_detached_request(call))
        switch progress {
        case .untouched:
            if request.contentLength ?? 0 > UInt64(maximum) { throw tooLarge }
            let isWhole = unsafe try begin(call)
            progress = isWhole ? .whole(taken: 0) : .collecting(maximum: maximum, refusal: nil)
            if isWhole { fallthrough }
        case .whole:
            if request.body.count > maximum { throw tooLarge }
        case .collecting: break
        case .streaming: throw BodyError.taken
        }
    }
}

extension RequestError {
    /// The failure of gathering a body, from C's negative result.
    fileprivate init(gatheringBody result: Int32, upTo maximum: Int) {
        self =
            result == -SystemError.tooLarge
            ? RequestError(.contentTooLarge, "The body has more than \(maximum) bytes.")
            : RequestError(.serviceUnavailable, "There is no memory for the body.")
    }
}

// MARK: - The answer's body

extension AsyncBodies {
    /// Waits until the client has taken what was written.
    nonisolated(nonsending) func waitForRoom() async throws {
        _ = unsafe try open()
        try await waitForChange()
    }

    func noteRoom() {
        noteChange()
    }
}
