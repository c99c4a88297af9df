// SPDX-License-Identifier: MIT

// What `Server.test` fails with besides a server that does not start.
extension ServerError.Kind {
    /// A test took longer than its deadline.
    public static let deadlineExceeded = ServerError.Kind("deadlineExceeded")
    /// The server closed the connection before a whole response had come.
    public static let connectionClosed = ServerError.Kind("connectionClosed")
    /// What the server sent is not an HTTP response, or more than one.
    public static let malformedResponse = ServerError.Kind("malformedResponse")
}
