// SPDX-License-Identifier: MIT
// Chunks as they are written.

import CVanillaIOChecks
import Testing

@Suite struct ChunkTests {
    @Test func writesTheLineOfEverySize() {
        expectNoProblem(vn_check_chunk_lines())
    }

    @Test func hasItsDataWithAndWithoutTheFrame() {
        expectNoProblem(vn_check_chunk_spans())
    }
}
