// SPDX-License-Identifier: MIT

import CLibrary
import VanillaTestSupport

/// A client that keeps a stream of events open, and reads it when it is told to.
final class EventClient {
    /// `nil` once it was closed.
    private(set) var socket: Int32?
    private(set) var head: [UInt8] = []
    private(set) var parser = EventParser()
    /// Whether the server has ended the connection.
    private(set) var hasEnded = false
    /// Whether the last chunk came.
    private(set) var isComplete = false

    private var state = State.head
    private enum State {
        case head
        case size([UInt8])
        case data(Int)
        case dataEnd(Int)
        case plain
    }

    /// Connects and asks. With a small `receiveBuffer` the socket holds little.
    init(
        port: Int, target: String = "/", fields: String = "", version: String = "1.1",
        receiveBuffer: Int32? = nil
    ) throws {
        let descriptor = CLibrary.socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if var size = receiveBuffer {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size,
                socklen_t(MemoryLayout.size(ofValue: size)))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let request = Array("GET \(target) HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n".utf8)
        guard connected == 0,
            send(descriptor, request, request.count, noSignal) == request.count
        else {
            close(descriptor)
            throw Failure(call: "connect", code: errno)
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        socket = descriptor
    }

    deinit { leave() }

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// Goes away.
    func leave() {
        if let socket { close(socket) }
        socket = nil
    }

    /// Says that it will not ask any more.
    func finish() {
        if let socket { shutdown(socket, Int32(SHUT_WR)) }
    }

    var headText: String { String(decoding: head, as: UTF8.self) }
    var events: [EventParser.Event] { parser.events }
    var data: [String] { parser.events.map(\.data) }

    /// Takes what has come. Returns whether anything, or the end, has.
    @discardableResult
    func receive(maximum count: Int = 1 << 16) -> Bool {
        guard let socket, !hasEnded else { return false }
        var buffer = [UInt8](repeating: 0, count: count)
        let received = recv(socket, &buffer, count, 0)
        if received > 0 {
            var rest = buffer[..<received]
            while !rest.isEmpty { take(from: &rest) }
        } else if received == 0 || (errno != EAGAIN && errno != EINTR) {
            hasEnded = true
        }
        return received >= 0
    }

    private func take(from rest: inout ArraySlice<UInt8>) {
        switch state {
        case .head:
            head.append(rest.removeFirst())
            if head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
                state = headText.contains("Transfer-Encoding: chunked") ? .size([]) : .plain
            }
        case .size(let digits):
            let byte = rest.removeFirst()
            guard byte == UInt8(ascii: "\n") else {
                state = .size(digits + [byte])
                return
            }
            let count = Int(String(decoding: digits.dropLast(), as: UTF8.self), radix: 16) ?? 0
            isComplete = count == 0
            state = count == 0 ? .dataEnd(2) : .data(count)
        case .data(let left):
            let piece = rest.prefix(left)
            parser.feed(piece)
            rest = rest.dropFirst(left)
            state = left == piece.count ? .dataEnd(2) : .data(left - piece.count)
        case .dataEnd(let left):
            rest.removeFirst()
            state = left == 1 ? .size([]) : .dataEnd(left - 1)
        case .plain:
            parser.feed(rest)
            rest = []
        }
    }

    /// Reads until `condition` holds. False when it did not within the deadline, or the connection
    /// ended before.
    func wait(
        deadline: Duration = .seconds(60), until condition: (EventClient) -> Bool
    ) -> Bool {
        let end = ContinuousClock.now + deadline
        while !condition(self) {
            if hasEnded || ContinuousClock.now > end { return false }
            EventClient.waitForInput(of: [self])
            receive()
        }
        return true
    }

    /// Waits until one of them can be read, a tenth of a second at most.
    static func waitForInput(of clients: [EventClient]) {
        var entries = clients.compactMap { client in
            client.hasEnded
                ? nil : client.socket.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        }
        poll(&entries, nfds_t(entries.count), 100)
    }
}
