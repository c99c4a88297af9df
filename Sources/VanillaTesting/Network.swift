// SPDX-License-Identifier: MIT

/// What carries the bytes between a test's clients and its server. Any thread.
protocol Network: Sendable {
    /// The value of Host.
    var host: String { get }

    /// A connection, whose server fills `buffer`. What keeps it from being made is the buffer's
    /// end.
    func connect(_ buffer: ReceiveBuffer) -> any Link

    /// Ends what is open, and the server.
    ///
    /// - Parameter whenDown: Called once when the server is down.
    func stop(whenDown: @escaping @Sendable () -> Void)
}

/// The client's side of a connection. Any thread; what is asked is done in order.
protocol Link: Sendable {
    func send(_ bytes: [UInt8])

    /// Nothing more is sent: half-closes.
    func finish()

    /// Nothing more is sent or read.
    func close()

    /// So many bytes were taken out of the buffer.
    func take(_ count: Int)
}

/// The bytes that wait for a client that does not read, until the server has to wait, too.
let receiveRoom = 256 << 10
