// SPDX-License-Identifier: MIT
// Forms with files.

import CVanillaIOChecks
import Testing

@Suite struct MultipartTests {
    @Test func takesAFormApartOverEveryCut() {
        expectNoProblem(vn_check_multipart())
    }

    @Test func boundsWhatIsKept() {
        expectNoProblem(vn_check_multipart_bounds())
    }

    @Test func findsTheBoundary() {
        expectNoProblem(vn_check_multipart_boundaries())
    }
}
