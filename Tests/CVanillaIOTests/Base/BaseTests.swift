// SPDX-License-Identifier: MIT
// Slab and list.

import CVanillaIOChecks
import Testing

@Suite struct SlabTests {
    @Test func holdsItsCapacityAndNoMore() {
        #expect(vn_check_slab_has_its_capacity().map { String(cString: $0) } == nil)
    }

    @Test func givesZeroedSlots() {
        #expect(vn_check_slab_gives_zeroed_slots().map { String(cString: $0) } == nil)
    }

    @Test func findsATenantAndNoFormerOne() {
        #expect(vn_check_slab_finds_tenants().map { String(cString: $0) } == nil)
    }

    @Test func givesItsMemoryBackWhenEmpty() {
        #expect(vn_check_slab_empties().map { String(cString: $0) } == nil)
    }

    @Test func keepsTenantsApartAtRandom() {
        #expect(vn_check_slab_at_random().map { String(cString: $0) } == nil)
    }
}

@Suite struct ListTests {
    @Test func appendsAndRemoves() {
        #expect(vn_check_list().map { String(cString: $0) } == nil)
    }
}
