// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Takes the request's body piece by piece, in bounded memory, where
    /// ``Request/BodyDelivery/streamed`` was chosen.
    ///
    /// ```swift
    /// var count = 0
    /// response.receiveBody { piece, response in
    ///     count += piece.bytes.count
    ///     if piece.isLast { response.send("\(count)") }
    ///     return .more
    /// }
    /// ```
    ///
    /// - Parameter receiver: Called on the worker's thread with each piece. It may answer in any
    ///   call; what comes after the answer is drained. A ``RequestError`` that it throws is the
    ///   answer; when it throws anything else, the request is answered 500 and the connection
    ///   closes. It is released when the exchange is over, which may be without a last piece: the
    ///   client may go away.
    public mutating func receiveBody(
        _ receiver:
            @escaping (Request.BodyPiece, inout ResponseWriter) throws -> Request.ReceiveStep
    ) {
        let box = unsafe Unmanaged.passRetained(Receiver(receive: receiver, core: core)).toOpaque()
        note(
            unsafe vn_response_receive(pointer, Receiver.callback, Receiver.release, box),
            "receiveBody was called")
    }
}

/// The user's receiver while C holds it; used on the worker's thread only.
@safe
private final class Receiver {
    private let receive: (Request.BodyPiece, inout ResponseWriter) throws -> Request.ReceiveStep
    /// Outlives every worker.
    private unowned(unsafe) let core: ServerCore

    init(
        receive: @escaping (Request.BodyPiece, inout ResponseWriter) throws -> Request.ReceiveStep,
        core: ServerCore
    ) {
        self.receive = receive
        unsafe self.core = core
    }

    static let callback:
        @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, vn_span, Bool) -> Int32 = {
            context, response, piece, isLast in
            // C always passes both.
            let (context, response) = unsafe (context!, response!)
            return unsafe Unmanaged<Receiver>.fromOpaque(context)._withUnsafeGuaranteedRef {
                receiver in
                unsafe receiver.next(piece, isLast: isLast, response)
            }
        }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain in `receiveBody`.
        unsafe Unmanaged<Receiver>.fromOpaque(context).release()
    }

    private func next(_ piece: vn_span, isLast: Bool, _ response: OpaquePointer) -> Int32 {
        var writer = unsafe ResponseWriter(lent: response, core: core)
        do {
            return try receive(
                unsafe Request.BodyPiece(bytes: Bytes(lent: piece), isLast: isLast), &writer
            )
            .c
        } catch let refusal as RequestError where !writer.isAnswered {
            writer.noteError(refusal)
            writer.refuse(refusal)
            return Request.ReceiveStep.more.c
        } catch {
            writer.noteError(error)
            unsafe core.hooks.report(
                .error, "\(writer.logPrefix)the receiver of a body threw: \(error)")
            return -1
        }
    }
}
