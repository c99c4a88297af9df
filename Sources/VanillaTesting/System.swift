// SPDX-License-Identifier: MIT

internal import CLibrary
internal import Vanilla

// What this module uses of the system for sockets and threads, each call with what differs between
// systems.

func openSocket() throws(TestError) -> Int32 {
    let descriptor = socket(AF_INET, streamSocket | closeOnExec, 0)
    guard descriptor >= 0 else {
        throw TestError(.outOfResources, "The test cannot open a socket.", code: errno)
    }
    return descriptor
}

func connectToLoopback(_ socket: Int32, port: Int) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { address in
        // An address of IPv4 is passed as the general type, with its own size: connect(2).
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

func setNonblocking(_ socket: Int32) -> Bool {
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) == 0
}

/// close(2), by a name that methods do not have.
func closeDescriptor(_ descriptor: Int32) {
    close(descriptor)
}

/// send(2) that fails instead of raising SIGPIPE.
func sendQuietly(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    return unsafe send(socket, bytes.baseAddress, bytes.count, noSignal)
}

/// A pipe whose ends do not block: reading, writing.
func openPipe() throws(TestError) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
        throw TestError(.outOfResources, "The test cannot open a pipe.", code: errno)
    }
    for end in ends {
        _ = setNonblocking(end)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    return (ends[0], ends[1])
}

/// Runs `body` on a thread of its own, so that it may block: Swift's own threads are as many as
/// there are CPUs.
func onAThreadOfItsOwn(_ body: @escaping @Sendable () -> Void) throws(TestError) {
    let code = startThread(body)
    guard code == 0 else {
        throw TestError(.outOfResources, "The test cannot make a thread.", code: code)
    }
}
