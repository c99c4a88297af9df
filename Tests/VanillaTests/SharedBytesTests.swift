// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@Suite struct SharedBytesTests {
    @Test func holdsACopy() {
        expect(SharedBytes([1, 2, 3]).bytes == Bytes([1, 2, 3].span))
        expect(SharedBytes("é").bytes == "é")
        expect(SharedBytes(repeating: 9, count: 3).bytes == Bytes([9, 9, 9].span))
        expect(SharedBytes([]).count == 0 && SharedBytes(repeating: 0, count: 0).bytes.isEmpty)
    }

    /// Ways to hand shared bytes to the core, each of which must give them back exactly once.
    enum Way: CaseIterable {
        case sent, sentForHead, sentWithoutBody, sentTwice, sentEmpty, streamed, streamedTooMuch,
            streamedEmpty
    }

    @Test(arguments: Way.allCases)
    func isReleasedExactlyOnce(way: Way) throws {
        weak var released: SharedBytes?
        try send(way) { released = $0 }
        #expect(released == nil)
    }

    private func send(_ way: Way, _ observe: (SharedBytes) -> Void) throws {
        let isEmpty = way == .sentEmpty || way == .streamedEmpty
        let shared = SharedBytes(repeating: 1, count: isEmpty ? 0 : 100_000)
        observe(shared)
        let server = try offline { _, response in
            switch way {
            case .sent, .sentForHead, .sentEmpty: response.send(shared)
            case .sentWithoutBody: response.send(shared, status: .noContent)
            case .sentTwice:
                response.send(shared)
                response.send(shared)
            case .streamed, .streamedEmpty:
                response.stream { body in
                    try body.write(shared)
                    return .done
                }
            case .streamedTooMuch:
                response.stream(length: 10) { body in
                    expect((try? body.write(shared)) == nil)
                    try body.write("0123456789")
                    return .done
                }
            }
        }
        _ = server.answer(get("/", method: way == .sentForHead ? "HEAD" : "GET"))
        #expect(shared.count == (isEmpty ? 0 : 100_000))
    }

    @Test(arguments: backends)
    func isReleasedWhenTheClientGoesAway(backend: Server.Backend) throws {
        weak var released: SharedBytes?
        do {
            let shared = SharedBytes(repeating: 1, count: 50_000_000)
            released = shared
            let server = try Server(configuration: local(backend)) { _, response in
                response.closeConnection()
                response.send(shared)
            }
            // The deadline passes while the answer is on its way.
            #expect(throws: TestError.self) {
                try server.answers([get("/")], deadline: .milliseconds(10))
            }
        }
        #expect(released == nil)
    }
}
