// SPDX-License-Identifier: MIT

import CLibrary
import Foundation
import PrivatePostgres
import VanillaTestSupport

/// Stands between clients and a server, on a unix socket in a directory of its own or on a port of
/// 127.0.0.1: delays what passes, counts it, and cuts connections.
final class Proxy: @unchecked Sendable {
    /// What passed since the last reset.
    struct Counts: Equatable {
        /// Messages from clients, by their letter.
        var messages: [Character: Int] = [:]
        /// How often clients spoke after the server had.
        var turns = 0
        /// Pieces in which what clients said arrived.
        var pieces = 0
        /// Messages that came after a Sync before the server had spoken.
        var early = 0
        /// Connections taken.
        var connections = 0
        /// Requests to cancel, and how many of those the client has closed before they were
        /// answered.
        var cancels = 0
        var forgotten = 0
    }

    /// What becomes of requests to cancel.
    enum Cancels {
        case passed
        /// Nothing is said to them, until they are passed.
        case held
        /// The next one ends as if it was obeyed.
        case swallowedOnce
        /// They end as a failing network lets them.
        case reset
    }

    let directory: String
    /// How to connect to the server's database through this.
    private(set) var connectionString: String
    private let target: String
    private let lock = NSLock()
    private var counts = Counts()
    private var latency = 0.0
    private var cuts = 0
    private var refuses = false
    private var cancels = Cancels.passed
    private var hidesKeys = false
    private var isStopped = false
    private let listener: Int32
    private let wake: (read: Int32, write: Int32)
    private let done = DispatchSemaphore(value: 0)

    init(to postgres: PrivatePostgres, onPort: Bool = false) throws {
        target = postgres.directory + "/.s.PGSQL.5432"
        directory = NSTemporaryDirectory() + "/vp" + UUID().uuidString.prefix(8)
        connectionString = postgres.connectionString.replacing(
            postgres.directory, with: onPort ? "127.0.0.1" : directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        listener = socket(onPort ? AF_INET : AF_UNIX, streamSocket, 0)
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        wake = (ends[0], ends[1])
        let isBound =
            onPort
            ? bindToPort(listener)
            : withAddress(directory + "/.s.PGSQL.5432") { bind(listener, $0, $1) } == 0
        guard isBound, listen(listener, 128) == 0 else {
            throw POSIXError(POSIXError.Code(rawValue: errno) ?? .EIO)
        }
        if onPort { connectionString += " port=\(portOf(listener))" }
        Thread { [self] in
            run()
            done.signal()
        }.start()
    }

    /// Ends the proxy and every connection.
    func stop() {
        change { isStopped = true }
        done.wait()
        close(listener)
        close(wake.read)
        close(wake.write)
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// How long what passes takes, in seconds, in each direction.
    func delay(_ seconds: Double) { change { latency = seconds } }

    /// Ends every connection, as a failing network does.
    func cut() { change { cuts += 1 } }

    /// From now on connections are ended as they come, or no longer.
    func refuse(_ refuses: Bool) { change { self.refuses = refuses } }

    func treatCancels(_ cancels: Cancels) { change { self.cancels = cancels } }

    /// From now on clients do not learn with which key to cancel.
    func hideKeys() { change { hidesKeys = true } }

    func reset() { lock.withLock { counts = Counts() } }

    var seen: Counts { lock.withLock { counts } }

    private func change(_ body: () -> Void) {
        lock.withLock(body)
        var byte: UInt8 = 0
        write(wake.write, &byte, 1)
    }

    // MARK: - The thread

    private final class Pipe {
        let client: Int32
        let server: Int32
        var toServer: [(due: Double, bytes: [UInt8])] = []
        var toClient: [(due: Double, bytes: [UInt8])] = []
        var unread: [UInt8] = []
        var hasBegun = false
        var isSynced = false
        /// A request to cancel, until it is known what becomes of it.
        var cancel: [UInt8] = []
        var isCancel = false
        var serverSpoke = true
        var isOver = false

        init(_ client: Int32, _ server: Int32) {
            self.client = client
            self.server = server
        }
    }

    private func run() {
        var pipes: [Pipe] = []
        var cutsDone = 0
        while true {
            let (latency, cuts, isStopped, cancels) = lock.withLock {
                (self.latency, self.cuts, self.isStopped, self.cancels)
            }
            for pipe in pipes where !pipe.cancel.isEmpty { treat(pipe, cancels) }
            pipes.removeAll { $0.isOver }
            if cuts != cutsDone || isStopped {
                for pipe in pipes { end(pipe) }
                pipes = []
                cutsDone = cuts
            }
            if isStopped { return }
            poll(&pipes, latency)
        }
    }

    private func poll(_ pipes: inout [Pipe], _ latency: Double) {
        var watched = [
            pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
        ]
        var next = Double.infinity
        for pipe in pipes {
            watched.append(pollfd(fd: pipe.client, events: Int16(POLLIN), revents: 0))
            watched.append(pollfd(fd: pipe.server, events: Int16(POLLIN), revents: 0))
            for queue in [pipe.toServer, pipe.toClient] {
                if let first = queue.first { next = min(next, first.due) }
            }
        }
        let wait = next.isFinite ? max(0, (next - now()) * 1000).rounded(.up) : -1
        CLibrary.poll(&watched, nfds_t(watched.count), Int32(wait))
        if watched[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            read(wake.read, &bytes, bytes.count)
        }
        for (index, pipe) in pipes.enumerated() {
            if watched[2 + 2 * index].revents != 0 { heard(pipe, latency) }
            if watched[3 + 2 * index].revents != 0 { answered(pipe, latency) }
            pass(&pipe.toServer, to: pipe.server, pipe)
            pass(&pipe.toClient, to: pipe.client, pipe)
        }
        for pipe in pipes where pipe.isOver { end(pipe) }
        pipes.removeAll { $0.isOver }
        if watched[1].revents != 0 { take(&pipes) }
    }

    private func take(_ pipes: inout [Pipe]) {
        let client = accept(listener, nil, nil)
        let server = socket(AF_UNIX, streamSocket, 0)
        let refuses = lock.withLock {
            counts.connections += 1
            return self.refuses
        }
        guard client >= 0, !refuses, withAddress(target, { connect(server, $0, $1) }) == 0 else {
            close(client)
            close(server)
            return
        }
        pipes.append(Pipe(client, server))
    }

    private func heard(_ pipe: Pipe, _ latency: Double) {
        guard let bytes = receive(pipe.client) else {
            if pipe.isCancel { lock.withLock { counts.forgotten += 1 } }
            pipe.isOver = true
            return
        }
        lock.withLock {
            counts.pieces += 1
            if pipe.serverSpoke { counts.turns += 1 }
            pipe.serverSpoke = false
            count(bytes, pipe)
        }
        if pipe.isCancel {
            pipe.cancel += bytes
        } else {
            pipe.toServer.append((now() + latency, bytes))
        }
    }

    private func answered(_ pipe: Pipe, _ latency: Double) {
        guard let bytes = receive(pipe.server) else {
            // What it said last arrives first.
            for piece in pipe.toClient { send(piece.bytes, to: pipe.client) }
            pipe.isOver = true
            return
        }
        let hidesKeys = lock.withLock { self.hidesKeys }
        pipe.toClient.append((now() + latency, hidesKeys ? withoutKey(bytes) : bytes))
    }

    /// A server says everything of its start at once.
    private func withoutKey(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if let key = bytes.firstRange(of: [UInt8(ascii: "K"), 0, 0, 0, 12]) {
            bytes.removeSubrange(key.lowerBound..<key.lowerBound + 13)
        }
        return bytes
    }

    private func treat(_ pipe: Pipe, _ cancels: Cancels) {
        switch cancels {
        case .passed:
            pipe.toServer.append((now(), pipe.cancel))
            pipe.cancel = []
            return
        case .held:
            return
        case .swallowedOnce:
            lock.withLock { self.cancels = .passed }
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                pipe.client, SOL_SOCKET, SO_LINGER, &linger,
                socklen_t(MemoryLayout.size(ofValue: linger)))
        }
        end(pipe)
        pipe.isOver = true
    }

    /// Takes the messages apart: a letter, except in the first, and four bytes of length.
    private func count(_ bytes: [UInt8], _ pipe: Pipe) {
        pipe.unread += bytes
        var place = 0
        while true {
            let letter = pipe.hasBegun ? 1 : 0
            guard place + letter + 4 <= pipe.unread.count else { break }
            let start = place + letter
            let size = pipe.unread[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard start + size <= pipe.unread.count else { break }
            if pipe.hasBegun {
                let letter = Character(Unicode.Scalar(pipe.unread[place]))
                counts.messages[letter, default: 0] += 1
                if pipe.isSynced && letter != "X" { counts.early += 1 }
                if letter == "S" { pipe.isSynced = true }
            } else if size == 8 {
                // A question about encryption, answered by one byte.
            } else {
                pipe.hasBegun = true
                pipe.isCancel = size == 16
                if pipe.isCancel { counts.cancels += 1 }
            }
            place = start + size
        }
        pipe.unread.removeFirst(place)
    }

    private func pass(_ queue: inout [(due: Double, bytes: [UInt8])], to end: Int32, _ pipe: Pipe) {
        while let first = queue.first, first.due <= now() {
            queue.removeFirst()
            if !send(first.bytes, to: end) { pipe.isOver = true }
            if end == pipe.client {
                pipe.serverSpoke = true
                pipe.isSynced = false
            }
        }
    }

    @discardableResult
    private func send(_ bytes: [UInt8], to end: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                CLibrary.send(end, $0.baseAddress! + sent, $0.count - sent, noSignal)
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func receive(_ end: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(end, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private func end(_ pipe: Pipe) {
        close(pipe.client)
        close(pipe.server)
    }

    private func now() -> Double { ProcessInfo.processInfo.systemUptime }
}

/// Any port of 127.0.0.1.
private func bindToPort(_ listener: Int32) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func portOf(_ listener: Int32) -> Int {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(listener, $0, &size)
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

private func withAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
