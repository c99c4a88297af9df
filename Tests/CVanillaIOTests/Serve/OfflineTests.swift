// SPDX-License-Identifier: MIT
// Clients of the same process, on the loopback ring.

import CVanillaIOChecks
import Testing

@Suite struct OfflineTests {
    @Test func servesClientsBesideEachOther() {
        expectNoProblem(vn_check_offline_clients())
    }

    @Test func hasPlacesForSoManyAndCutsThemAll() {
        expectNoProblem(vn_check_offline_client_count())
    }
}
