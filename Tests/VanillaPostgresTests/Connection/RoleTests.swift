// SPDX-License-Identifier: MIT

import Testing

@testable import VanillaPostgres

/// What a connection may be used for after what.
@Suite struct RoleTests {
    private static let all: [Role] = [
        .connecting, .shared, .reserved, .leased(isLast: false), .leased(isLast: true), .draining,
        .closed,
    ]

    @Test func drainsAfterWhatItIsUsedFor() {
        let drained: [Role] = [
            .connecting, .draining, .draining, .leased(isLast: true), .leased(isLast: true),
            .draining, .closed,
        ]
        for (role, expected) in zip(Self.all, drained) {
            var role = role
            role.drain()
            #expect(role == expected)
        }
    }

    @Test func isSharedAgainAfterALease() {
        let ended: [Role] = [
            .connecting, .shared, .reserved, .shared, .draining, .draining, .closed,
        ]
        for (role, expected) in zip(Self.all, ended) {
            var role = role
            role.endLease()
            #expect(role == expected)
        }
    }

    @Test func saysWhatItIs() {
        #expect(Self.all.map(\.isOpen) == [false, true, true, true, true, true, false])
        #expect(Self.all.map(\.isShared) == [false, true, false, false, false, false, false])
        #expect(Self.all.map(\.isLeased) == [false, false, false, true, true, false, false])
        #expect(Self.all.map(\.isDraining) == [false, false, false, false, true, true, false])
    }
}
