// SPDX-License-Identifier: MIT

/// What a connection is used for. It has one role at a time.
enum Role: Equatable {
    /// It is being opened.
    case connecting
    /// Queries of many requests share it.
    case shared
    /// It takes no more queries, so that it can be leased as soon as those under way are over.
    case reserved
    /// One request has it for itself. After its last lease it is closed.
    case leased(isLast: Bool)
    /// It takes no more queries, and is closed when those under way are over.
    case draining
    case closed

    /// Whether it was opened, and is not closed.
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

    /// Whether it is closed after what it is used for now.
    var isDraining: Bool { self == .draining || self == .leased(isLast: true) }

    /// It is closed after what it is used for now.
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
