// SPDX-License-Identifier: MIT
// The connection over a ring without sockets, whose every operation is scripted.

import CVanillaIOChecks
import Testing
import VanillaTestSupport

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
    @Test(arguments: conversations, Transport.allCases)
    func answersAlikeHoweverTheBytesAreCut(_ input: String, over transport: Transport) {
        expectNoProblem(vn_check_cuts(transport.c, input, input.utf8.count))
    }

    @Test(arguments: conversations, Transport.allCases)
    func answersAlikeUnderRandomSchedules(_ input: String, over transport: Transport) {
        expectNoProblem(
            vn_check_schedules(
                transport.c, input, input.utf8.count, 1, transport.rounds(isSanitized ? 100 : 700)))
    }

    @Test(arguments: conversations, Transport.allCases)
    func endsOnceWhereverTheClientIsLost(_ input: String, over transport: Transport) {
        expectNoProblem(vn_check_lost_clients(transport.c, input, input.utf8.count))
    }

    @Test(arguments: conversations, Transport.allCases)
    func survivesAClientThatBreaksOff(_ input: String, over transport: Transport) {
        expectNoProblem(
            vn_check_broken_answers(
                transport.c, input, input.utf8.count, 1, transport.rounds(isSanitized ? 50 : 300)))
    }

    @Test(arguments: Transport.allCases)
    func ignoresWhatComesAfterTheEnd(over transport: Transport) {
        expectNoProblem(vn_check_event_after_end(transport.c))
    }

    @Test(
        arguments: [
            "request_line", "field", "fields", "field_count", "body", "streamed_body", "chunk_line",
            "trailers", "requests",
            "discard", "output",
        ], Transport.allCases)
    func allowsWhatIsAtTheLimitAndRefusesOneMore(_ name: String, over transport: Transport) {
        expectNoProblem(vn_check_limit(transport.c, name))
    }

    @Test(
        arguments: [
            "head", "body_grace", "body_rate", "idle", "write_stall", "write_rate",
            "handler", "linger", "linger_total",
        ], Transport.allCases)
    func endsAtTheDeadline(_ name: String, over transport: Transport) {
        expectNoProblem(vn_check_deadline(transport.c, name))
    }

    @Test(arguments: Transport.allCases)
    func doesABoundedShareOfATurn(over transport: Transport) {
        expectNoProblem(vn_check_shares(transport.c))
    }

    @Test(arguments: 1...20)
    func sendsLargeOutputInParts(seed: UInt64) {
        expectNoProblem(vn_check_parts(seed))
    }

    @Test(arguments: Transport.allCases)
    func sendsABoundedShareInATurn(over transport: Transport) {
        expectNoProblem(vn_check_large_output(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func holdsInputBackWhileTheClientTakesNothing(over transport: Transport) {
        expectNoProblem(vn_check_backpressure(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func resumesWaitingProducersAndPausedConsumers(over transport: Transport) {
        expectNoProblem(vn_check_resume(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func answersLaterFromAnotherThread(over transport: Transport) {
        expectNoProblem(vn_check_deferral(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func neverReachesAnotherExchangeByAnOldHandle(over transport: Transport) {
        expectNoProblem(vn_check_stale_handles(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func releasesSharedBytesExactlyOnce(over transport: Transport) {
        expectNoProblem(vn_check_releases(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func refusesFieldsThatWouldBreakTheMessage(over transport: Transport) {
        expectNoProblem(vn_check_response_refusals(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func finishesTheRequestInHandWhenItDrains(over transport: Transport) {
        expectNoProblem(vn_check_drain(transport.c))
    }
}
