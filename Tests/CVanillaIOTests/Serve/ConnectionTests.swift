// SPDX-License-Identifier: MIT
// The connection over a ring without sockets, whose every operation is scripted.

import CVanillaIOChecks
import Testing

/// Requests that together pass through every state of a connection.
let conversations: [String] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /missing HTTP/1.1\r\nHost: a\r\n\r\nHEAD / "
        + "HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello worldGET / HTTP/1.1\r\n"
        + "Host: a\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\nGET /produce HTTP/1.1\r\nHost: "
        + "a\r\n\r\n",
    "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world"
        + "GET /produce-5000 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /produce HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /shared HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /produce-short HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /raw HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
        + "GET /no-content HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /fail HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: "
        + "a\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\ncut short",
    "POST /late-count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
]

@Suite struct ConnectionTests {
    @Test(arguments: conversations)
    func answersAlikeHoweverTheBytesAreCut(_ input: String) {
        expectNoProblem(vn_check_cuts(input, input.utf8.count))
    }

    @Test(arguments: conversations)
    func answersAlikeUnderRandomSchedules(_ input: String) {
        expectNoProblem(vn_check_schedules(input, input.utf8.count, 1, 700))
    }

    @Test(arguments: conversations)
    func endsOnceWhereverTheClientIsLost(_ input: String) {
        expectNoProblem(vn_check_lost_clients(input, input.utf8.count))
    }

    @Test(arguments: conversations)
    func survivesAClientThatBreaksOff(_ input: String) {
        expectNoProblem(vn_check_broken_answers(input, input.utf8.count, 1, 300))
    }

    @Test func ignoresWhatComesAfterTheEnd() {
        expectNoProblem(vn_check_event_after_end())
    }

    @Test(arguments: [
        "request_line", "field", "fields", "field_count", "body", "streamed_body", "chunk_line",
        "trailers", "requests",
        "discard", "output", "linger",
    ])
    func allowsWhatIsAtTheLimitAndRefusesOneMore(_ name: String) {
        expectNoProblem(vn_check_limit(name))
    }

    @Test(arguments: [
        "head", "body_grace", "body_rate", "idle", "write_stall", "write_rate",
        "handler", "linger",
    ])
    func losesPatienceAtTheDeadline(_ name: String) {
        expectNoProblem(vn_check_deadline(name))
    }

    @Test func doesABoundedShareOfATurn() {
        expectNoProblem(vn_check_shares())
    }

    @Test(arguments: 1...20)
    func sendsLargeOutputInParts(seed: UInt64) {
        expectNoProblem(vn_check_parts(seed))
    }

    @Test func sendsABoundedShareInATurn() {
        expectNoProblem(vn_check_large_output())
    }

    @Test func holdsInputBackWhileTheClientTakesNothing() {
        expectNoProblem(vn_check_backpressure())
    }

    @Test func resumesWaitingProducersAndPausedConsumers() {
        expectNoProblem(vn_check_resume())
    }

    @Test func answersLaterFromAnotherThread() {
        expectNoProblem(vn_check_deferral())
    }

    @Test func neverReachesAnotherExchangeByAnOldHandle() {
        expectNoProblem(vn_check_stale_handles())
    }

    @Test func releasesSharedBytesExactlyOnce() {
        expectNoProblem(vn_check_releases())
    }

    @Test func refusesFieldsThatWouldBreakTheMessage() {
        expectNoProblem(vn_check_response_refusals())
    }

    @Test func finishesTheRequestInHandWhenItDrains() {
        expectNoProblem(vn_check_drain())
    }
}
