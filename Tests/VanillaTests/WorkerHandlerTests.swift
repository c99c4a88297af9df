// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@Suite struct WorkerHandlerTests {
    /// State without a lock: not Sendable, and so never on two threads.
    private final class Counter {
        var count = 0
        let thread = pthread_self()
    }

    @Test(arguments: backends)
    func isMadeOnceOnEachWorkerAndStaysOnItsThread(backend: Server.Backend) throws {
        let made = Recorder<Int>()
        let strays = Recorder<Int>()
        var configuration = local(backend)
        configuration.workers = 3
        let server = try Server(
            configuration: configuration,
            makeHandler: { worker in
                made.record(worker.index)
                let counter = Counter()
                return { _, response in
                    if pthread_equal(counter.thread, pthread_self()) == 0 { strays.record(1) }
                    counter.count += 1
                    response.send("\(worker.index) \(counter.count)")
                }
            })
        try server.start()
        #expect(made.wait(for: 3) && made.values.sorted() == [0, 1, 2])

        var countsByWorker: [String: [Int]] = [:]
        for _ in 0..<30 {
            let words = try exchange(get("/"), port: server.port).text.split(separator: " ")
            countsByWorker[String(words[0]), default: []].append(Int(words[1]) ?? 0)
        }
        for counts in countsByWorker.values { #expect(counts == Array(1...counts.count)) }
        #expect(strays.values.isEmpty)

        server.stop(within: .zero)
        server.wait()
        #expect(made.values.count == 3)
    }

    @Test(arguments: backends)
    func isReleasedOnItsThread(backend: Server.Backend) throws {
        final class Confined {
            let thread = pthread_self()
            let recorder: Recorder<Bool>
            init(_ recorder: Recorder<Bool>) { self.recorder = recorder }
            deinit { recorder.record(pthread_equal(thread, pthread_self()) != 0) }
        }
        let ends = Recorder<Bool>()
        let server = try Server(
            configuration: local(backend),
            makeHandler: { _ in
                let confined = Confined(ends)
                return { _, response in withExtendedLifetime(confined) { response.send("") } }
            })
        try server.start()
        server.stop(within: .zero)
        server.wait()
        #expect(ends.values == [true])
    }

    @Test func keepsItsStateFromOneHandledRequestToTheNext() throws {
        let server = try Server(
            configuration: local(),
            makeHandler: { worker in
                var count = 0
                return { _, response in
                    count += 1
                    response.send("\(worker.index) \(count)")
                }
            })
        #expect(server.answer(get("/")).text == "0 1")
        #expect(server.answer(get("/")).text == "0 2")
    }
}
