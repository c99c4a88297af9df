// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Answers one request: headers first, then one of the `send` functions, `stream`, or `sendLater`.
///
/// ```swift
/// response.headers[.cacheControl] = "max-age=60"
/// response.send(page, contentType: .html)
/// ```
///
/// It is lent to the handler for the length of the call, on the worker's thread; keeping it does
/// not compile. The server writes Content-Length, Transfer-Encoding, Connection and Date itself. A
/// handler that answers in none of these ways has answered 500. A second answer is dropped and
/// logged.
@safe
public struct ResponseWriter: ~Copyable, ~Escapable {
    /// C's response, which outlives this writer.
    @usableFromInline let pointer: OpaquePointer
    /// Outlives every worker.
    @usableFromInline unowned(unsafe) let core: ServerCore

    var statusInForce = Status.ok

    /// The writer of a response that C lends for the length of a call.
    @unsafe
    @_lifetime(immortal)
    init(lent pointer: OpaquePointer, core: ServerCore) {
        unsafe self.pointer = pointer
        unsafe self.core = core
    }

    /// The status of the answer; 200 unless set. `send` and `stream` can name it, too.
    public var status: Status {
        get { statusInForce }
        set {
            statusInForce = newValue
            unsafe note(vn_response_set_status(pointer, newValue.code), "status was set")
        }
    }

    /// Whether the request was answered, or its answer deferred.
    public var isAnswered: Bool { unsafe vn_response_is_answered(pointer) }

    /// Closes the connection after this answer, which says so.
    public mutating func closeConnection() {
        unsafe vn_response_set_close(pointer)
    }

    /// Holds back what is answered whole in a task, until all middleware around it has returned.
    mutating func withhold() {
        unsafe vn_response_withhold(pointer)
    }

    /// An answer that was held is not sent, nor what was set for it.
    mutating func dropWithheld() {
        if unsafe vn_response_drop_withheld(pointer) { statusInForce = .ok }
    }

    /// Whether nobody waits for the answer any more of an asynchronous handler that goes on. What
    /// it tells this writer goes nowhere then, which is no mistake.
    var isUnwanted: Bool { unsafe vn_response_is_unwanted(pointer) }

    /// Log what C refused to do. Misuse for the most part, but no reason to take the server down
    /// with it.
    @inline(__always)
    func note(_ result: Int32, _ act: StaticString) {
        if result != 0 { report(result, act) }
    }

    @inline(never)
    private func report(_ result: Int32, _ act: StaticString) {
        if isUnwanted { return }
        let why =
            if ResponseError.isAlreadyAnswered(result) {
                "the request was answered before"
            } else if ResponseError.isElsewhere(result) {
                "this is \(ResponseError.elsewhere)"
            } else {
                "memory ran out"
            }
        unsafe core.hooks.report(.error, "\(logPrefix)\(act), but \(why).")
    }

    /// The user's code threw: answer what a ``RequestError`` says; log anything else and answer
    /// 500. Where an answer was given before, log and close.
    mutating func fail(_ error: any Error, in source: StaticString) {
        dropWithheld()
        noteError(error)
        if !isAnswered, let refusal = error as? RequestError {
            reportCause(of: refusal, in: source)
            return refuse(refusal)
        }
        if isUnwanted, (error as? ResponseError)?.kind == .alreadyAnswered { return }
        unsafe core.hooks.report(.error, "\(logPrefix)\(source) threw: \(error)")
        if isAnswered {
            closeConnection()
        } else {
            // What was meant for another answer, such as a cookie, has no place in this one.
            unsafe vn_response_reset(pointer)
            sendError(.internalServerError)
        }
    }

    /// A failure of the server's own that is answered with words has its reason in the log. That
    /// there is no database for now, and the like, is told where it is known.
    private func reportCause(of error: RequestError, in source: StaticString) {
        guard error.status.code >= 500, error.status != .serviceUnavailable, let cause = error.cause
        else { return }
        unsafe core.hooks.report(.error, "\(logPrefix)\(source) threw: \(cause)")
    }

    /// The request is wrong: tell its client.
    mutating func refuse(_ error: RequestError) {
        // Without it where the headers have no room for more.
        if let seconds = error.retryAfter { try? headers.add(.retryAfter, String(seconds)) }
        sendError(error.status, error.message)
    }

    /// Answers with an error and the body that `Configuration.errorBody` has for it.
    mutating func sendError(_ status: Status, _ detail: String = "") {
        statusInForce = status
        let result = detail.withBytes { detail in
            unsafe detail.withCSpan { detail in
                unsafe vn_response_send_error(pointer, status.code, detail)
            }
        }
        note(result, "send was called")
    }
}
