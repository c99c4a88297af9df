// SPDX-License-Identifier: MIT

/// What a connection is used for now. One after the other: what none of these says cannot be.
enum Role: Equatable {
    /// It is being opened.
    case connecting
    /// Queries of many requests share it.
    case shared
    /// It takes no more queries, so that it can be leased when those under way are over.
    case reserved
    /// One request has it for itself. The last lease is followed by the end of the connection.
    case leased(isLast: Bool)
    /// It takes no more queries, and is closed when those under way are over.
    case draining
    case closed

    /// Whether the server answers on it.
    var isOpen: Bool {
        switch self {
        case .connecting, .closed: false
        case .shared, .reserved, .leased, .draining: true
        }
    }

    var isShared: Bool {
        if case .shared = self { true } else { false }
    }

    var isLeased: Bool {
        if case .leased = self { true } else { false }
    }

    /// Whether it has no future.
    var isDraining: Bool { self == .draining || self == .leased(isLast: true) }

    /// From now on it has no future.
    mutating func drain() {
        switch self {
        case .shared, .reserved: self = .draining
        case .leased: self = .leased(isLast: true)
        case .connecting, .draining, .closed: break
        }
    }

    /// The lease is over.
    mutating func endLease() {
        guard case .leased(let isLast) = self else { return }
        self = isLast ? .draining : .shared
    }
}
