// SPDX-License-Identifier: MIT

import Testing
import VanillaTestSupport

@testable import Vanilla

@Suite struct StatisticsTests {
    @Test(arguments: backends)
    func countsWhatTheServerDoes(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.workers = 2
        configuration.deadlines.handler = .milliseconds(20)
        let promises = Recorder<ResponseWriter.Completion>()
        defer { promises.clear() }
        let server = try Server(configuration: configuration) { request, response in
            switch request.path {
            case "/": response.send("fine")
            case "/moved": response.send(status: .found)
            case "/600": response.send(status: Status(code: 600)!)
            case "/999": response.send(status: Status(code: 999)!)
            case "/raw": response.sendRaw("HTTP/1.1 204 No\r\n\r\n")
            case "/slow": promises.record(response.sendLater())
            case "/error": throw TestFailure()
            default: response.send(status: .notFound)
            }
        }
        try server.start()
        let paths = [
            "/", "/", "/moved", "/600", "/999", "/raw", "/slow", "/error", "/a", "/b", "/c",
        ]
        for path in paths {
            _ = try exchange(get(path), port: server.port)
        }
        _ = try exchange("GET / HTTP/1.1\r\n\r\n", port: server.port)
        _ = try exchange("GET / HTTP/7.0\r\n\r\n", port: server.port)
        server.stop(within: .seconds(5))
        server.wait()

        let counted = server.statistics
        #expect(
            counted.connectionsAccepted == 13 && counted.connectionsOpen == 0
                && counted.connectionsRefused == 0)
        #expect(counted.requests == 11)
        #expect(counted.responses.successful == 2 && counted.responses.redirection == 1)
        #expect(counted.responses.clientError == 4 && counted.responses.raw == 1)
        #expect(counted.responses.serverError == 3 && counted.responses.other == 2)
        #expect(
            counted.refusals[.badRequest] == 1 && counted.refusals[.httpVersionNotSupported] == 1)
        #expect(counted.timeouts.handler == 1 && counted.timeouts.head == 0)
        #expect(counted.bytesReceived > 250 && counted.bytesSent > 500)
    }

    @Test func beginsAtZero() throws {
        let counted = try offline { _, _ in }.statistics
        #expect(
            counted.connectionsAccepted == 0 && counted.requests == 0 && counted.refusals.isEmpty)
        #expect(
            counted.responses == Server.Statistics.Responses()
                && counted.timeouts == Server.Statistics.Timeouts()
        )
    }
}
