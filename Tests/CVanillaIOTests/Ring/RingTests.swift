// SPDX-License-Identifier: MIT
// The contract of the ring: the same sentences for every backend, over TCP and local sockets.

import CVanillaIOChecks
import Testing

/// A sentence of the contract, by its number in the checks.
struct Sentence: CustomTestStringConvertible, Sendable {
    let number: Int32
    let text: String
    var testDescription: String { text }

    static let all: [Sentence] = sequence(first: Int32(0)) { $0 + 1 }.lazy
        .map { number in
            vn_ring_sentence(number).map { Sentence(number: number, text: String(cString: $0)) }
        }
        .prefix { $0 != nil }
        .compactMap { $0 }
}

/// A backend and a kind of socket.
struct Place: CustomTestStringConvertible, Sendable {
    let backend: Int32
    let transport: Int32
    let name: String
    var testDescription: String { name }

    /// Where io_uring is forbidden, as in many containers, epoll alone has to keep the contract;
    /// kqueue is there where its model was built.
    static let all: [Place] = backends.filter { vn_ring_is_available($0.number) }.flatMap {
        backend in
        transports.map { transport in
            Place(
                backend: backend.number, transport: transport.number,
                name: "\(backend.name) over \(transport.name)")
        }
    }

    private static let backends = [
        (number: Int32(VN_CHECK_URING), name: "io_uring"),
        (number: Int32(VN_CHECK_URING_PLAIN), name: "io_uring without flags"),
        (number: Int32(VN_CHECK_URING_CRAMPED), name: "io_uring with tiny queues"),
        (number: Int32(VN_CHECK_EPOLL), name: "epoll"),
        (number: Int32(VN_CHECK_KQUEUE), name: "kqueue"),
    ]
    private static let transports = [
        (number: Int32(VN_CHECK_TCP), name: "TCP"),
        (number: Int32(VN_CHECK_LOCAL), name: "a local socket"),
    ]
}

@Suite struct RingTests {
    @Test(arguments: Sentence.all, Place.all)
    func keepsItsContract(_ sentence: Sentence, _ place: Place) {
        let failure = vn_check_ring(
            sentence.number, vn_ring_place(backend: place.backend, transport: place.transport))
        #expect(failure.map { String(cString: $0) } == nil)
    }

    @Test(.enabled(if: vn_ring_is_available(Int32(VN_CHECK_URING))))
    func takesEpollWhereUringIsForbidden() {
        #expect(vn_check_falls_back().map { String(cString: $0) } == nil)
    }
}
