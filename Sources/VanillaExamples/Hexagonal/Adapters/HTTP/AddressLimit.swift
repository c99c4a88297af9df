// SPDX-License-Identifier: MIT

import CLibrary

/// How much of something one client may have under way at the same time, so that it does not fill
/// the queue that all share.
///
/// A client is an address, of IPv6 its first half: that is what one household or one server gets.
/// Clients without one, over a unix domain socket, are told apart by whoever is before us.
///
/// Unchecked: everything is used with the mutex held, which ThreadSanitizer knows.
final class AddressLimit: @unchecked Sendable {
    private let maximum: Int
    private var counts: [[UInt8]: Int] = [:]
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init(maximum: Int) {
        self.maximum = maximum
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// One more of a client, until ``end(_:)``. Returns whether it may have that.
    func begin(_ address: String?) -> Bool {
        guard let client = Self.client(address) else { return true }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let count = counts[client, default: 0]
        guard count < maximum else { return false }
        counts[client] = count + 1
        return true
    }

    /// One that was begun is over.
    func end(_ address: String?) {
        guard let client = Self.client(address) else { return }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let count = counts[client, default: 0]
        counts[client] = count > 1 ? count - 1 : nil
    }

    /// Clients that have something under way.
    var clientCount: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return counts.count
    }

    private static func client(_ address: String?) -> [UInt8]? {
        guard let address else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        // What is IPv4 in the form of IPv6 is whole, too.
        let isShortened =
            inet_pton(AF_INET6, address, &bytes) == 1 && bytes[..<8].contains { byte in byte != 0 }
        return isShortened ? Array(bytes[..<8]) : Array(address.utf8)
    }
}
