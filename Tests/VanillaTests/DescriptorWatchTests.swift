// SPDX-License-Identifier: MIT

import CLibrary
import Testing
import Vanilla
import VanillaTestSupport

/// Descriptors that are watched beside the connections.
@Suite struct DescriptorWatchTests {
    /// What an asynchronous handler of one worker says.
    private static func text(
        _ backend: Server.Backend, _ handler: @escaping @Sendable (Worker) async throws -> String
    ) throws -> String {
        let server = try Server(
            configuration: local(backend),
            router: Router { routes in
                routes.get("/") { _, response in
                    response.send(try await handler(Worker.current!))
                }
            })
        return try server.answers([get("/")])[0].text
    }

    private static func makePipe() -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test(arguments: backends)
    func tellsWhatItIsReadyFor(backend: Server.Backend) throws {
        let said = try Self.text(backend) { worker in
            let (reading, writing) = Self.makePipe()
            defer { close(reading) }
            let watch = try worker.watch(reading)
            let other = try worker.watch(writing)
            let canWrite = try await other.ready(for: .writable)
            other.close()
            onAnotherThread { _ = write(writing, "x", 1) }
            let canRead = try await watch.ready(for: .readable)
            var byte: UInt8 = 0
            #expect(read(reading, &byte, 1) == 1)
            close(writing)
            let end = try await watch.ready(for: .readable)
            return
                "\(canWrite == .writable) \(canRead == .readable) \(end.contains(.failed)) "
                + "\(end.isSubset(of: [.readable, .failed]))"
        }
        #expect(said == "true true true true")
    }

    /// Files never block: to poll(2) they are ready for both.
    @Test(arguments: backends, ["/dev/zero", "/proc/self/exe"])
    func saysThatAFileIsReady(backend: Server.Backend, path: String) throws {
        let said = try Self.text(backend) { worker in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            let watch = try worker.watch(file)
            let (first, second) = (
                try await watch.ready(for: .readable),
                try await watch.ready(for: [.readable, .writable])
            )
            return "\(first == .readable) \(second == [.readable, .writable])"
        }
        #expect(said == "true true")
    }

    @Test(arguments: backends)
    func endsWhoWaits(backend: Server.Backend) throws {
        let said = try Self.text(backend) { worker in
            let (reading, writing) = Self.makePipe()
            defer {
                close(reading)
                close(writing)
            }
            let watch = try worker.watch(reading)
            var ends: [String] = []
            // Asked for something else; closed.
            for isReplaced in [true, false] {
                let timer = Worker.Timer(on: worker) {
                    if isReplaced {
                        watch.whenReady(for: .readable) { _ in }
                    } else {
                        watch.close()
                    }
                }
                timer.set(after: .milliseconds(1))
                do {
                    _ = try await watch.ready(for: .readable)
                } catch is CancellationError {
                    ends.append("cancelled")
                }
            }
            do {
                _ = try await watch.ready(for: .readable)
            } catch is CancellationError {
                ends.append("closed")
            }
            return ends.joined(separator: " ")
        }
        #expect(said == "cancelled cancelled closed")
    }

    /// More than a thousand requests may have one each.
    @Test(arguments: backends)
    func watchesMany(backend: Server.Backend) throws {
        let said = try Self.text(backend) { worker in
            let (reading, writing) = Self.makePipe()
            defer { close(reading) }
            let watches = try (0..<1500).map { _ in try worker.watch(reading) }
            let count = Recorder<Int>()
            for watch in watches {
                watch.whenReady(for: .readable) { _ in count.record(1) }
            }
            close(writing)
            while count.values.count < watches.count {
                try await worker.sleep(for: .milliseconds(1))
            }
            return "\(count.values.count)"
        }
        #expect(said == "1500")
    }
}
