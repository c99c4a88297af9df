// SPDX-License-Identifier: MIT

internal import Vanilla

/// In process: one worker on a thread of its own, and no socket.
final class OfflineNetwork: Network {
    private let server: OfflineServer
    private let down: Down

    let host = "localhost"

    private init(_ server: OfflineServer, _ down: Down) {
        self.server = server
        self.down = down
    }

    /// - Throws: ``ServerError`` or ``TestError`` where the server cannot begin.
    nonisolated(nonsending) static func open(_ server: Server) async throws -> OfflineNetwork {
        let down = Down()
        let begun = Promise<OfflineServer>()
        try onAThreadOfItsOwn {
            do {
                try server.serveOffline { begun.keep(.success($0)) }
            } catch {
                begun.keep(.failure(error))
            }
            down.reach()
        }
        return OfflineNetwork(try await begun.value(), down)
    }

    func connect(_ buffer: ReceiveBuffer) -> any Link {
        OfflineLink(server.connect(BufferClient(buffer), room: receiveRoom))
    }

    func stop(whenDown: @escaping @Sendable () -> Void) {
        down.whenReached(whenDown)
        server.stop()
    }
}

private final class BufferClient: OfflineClient {
    private let buffer: ReceiveBuffer

    init(_ buffer: ReceiveBuffer) {
        self.buffer = buffer
    }

    func receive(_ bytes: [UInt8]) { buffer.receive(bytes) }

    func receiveEnd() { buffer.receiveEnd() }
}

private struct OfflineLink: Link {
    private let connection: OfflineConnection

    init(_ connection: OfflineConnection) {
        self.connection = connection
    }

    func send(_ bytes: [UInt8]) { connection.send(bytes) }

    func finish() { connection.finish() }

    func close() { connection.reset() }

    func take(_ count: Int) { connection.take(count) }
}
