// SPDX-License-Identifier: MIT

internal import CLibrary
internal import Vanilla

/// The client of the `Server.test` that blocks: one connection to the loopback interface, one
/// exchange after the other.
package final class BlockingClient {
    private let socket: Int32
    private let end: ContinuousClock.Instant

    /// - Throws: ``TestError`` when the connection cannot be made within the deadline.
    package init(port: Int, deadline: Duration) throws(TestError) {
        end = ContinuousClock.now + deadline
        socket = try openSocket()
        // Making a connection to the loopback interface does not block: the kernel answers for the
        // listener.
        guard connectToLoopback(socket, port: port) == 0, setNonblocking(socket) else {
            // This object is whole, so deinit closes the socket.
            throw TestError(.system, "The test cannot connect to port \(port).", code: errno)
        }
    }

    deinit {
        close(socket)
    }

    /// Sends all bytes of a request and returns all bytes of its response, interim ones included.
    ///
    /// - Throws: ``TestError`` of the kind `deadlineExceeded`, `connectionClosed`,
    ///   `malformedResponse` or `system`.
    package func exchange(_ request: [UInt8]) throws(TestError) -> [UInt8] {
        var sent = 0
        var isSending = true
        var response: [UInt8] = []
        var reader = ResponseReader(answersHead: request.starts(with: "HEAD ".utf8))

        while true {
            let ready = try wait(for: isSending && sent < request.count ? POLLIN | POLLOUT : POLLIN)
            if ready & POLLIN != 0, try receive(into: &response) == .end {
                guard reader.endsWithConnection(response) else {
                    throw TestError(
                        .connectionClosed,
                        "The connection was closed after \(response.count) bytes of a response.")
                }
                return response
            }
            if let count = try reader.findEnd(of: response) {
                guard count == response.count else {
                    throw TestError(
                        .malformedResponse,
                        "There are \(response.count - count) bytes after a whole response.")
                }
                return response
            }
            // A server that answers early may stop reading: what it says counts, not what was not
            // sent.
            if ready & POLLOUT != 0, isSending { isSending = send(request, from: &sent) }
        }
    }
}

extension BlockingClient {
    private enum Input {
        case some, none, end
    }

    /// Waits until one of `events` can happen.
    private func wait(for events: Int32) throws(TestError) -> Int32 {
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else {
                throw TestError(.deadlineExceeded, "The test took longer than it may.")
            }
            var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
            let count = unsafe poll(&entry, 1, Int32(clamping: left.boundedMilliseconds))
            if count > 0 {
                // An error or a hang-up is found by reading.
                let isBroken = Int32(entry.revents) & (POLLERR | POLLHUP) != 0
                return isBroken ? Int32(entry.revents) | POLLIN : Int32(entry.revents)
            }
            if count < 0, errno != EINTR {
                throw TestError(.system, "The test cannot wait for its connection.", code: errno)
            }
        }
    }

    private func receive(into response: inout [UInt8]) throws(TestError) -> Input {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(socket, &buffer, buffer.count, 0)
        if count > 0 {
            response += buffer[..<count]
            return .some
        }
        if count == 0 { return .end }
        switch errno {
        case EAGAIN, EINTR: return .none
        case ECONNRESET: return .end
        case let error:
            throw TestError(.system, "The test cannot read from its connection.", code: error)
        }
    }

    /// Sends what the socket takes. False once the server takes no more.
    private func send(_ request: [UInt8], from sent: inout Int) -> Bool {
        let count = unsafe request.withUnsafeBytes { bytes in
            // `sent` is at most the number of bytes.
            unsafe sendQuietly(socket, UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        }
        if count >= 0 {
            sent += count
            return true
        }
        return errno == EAGAIN || errno == EINTR
    }
}
