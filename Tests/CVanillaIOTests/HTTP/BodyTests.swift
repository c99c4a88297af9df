// SPDX-License-Identifier: MIT
// Where a body ends, and what of it is data.

import CVanillaIOChecks
import Testing

@Suite struct BodyTests {
    @Test(arguments: Row.all(vn_body_row_count(), vn_body_row_name))
    func decodesChunksHoweverTheBytesAreCut(_ row: Row) {
        expectNoProblem(vn_check_body_row(row.index))
    }

    @Test func decodesWhatWasCutIntoRandomChunks() {
        expectNoProblem(vn_check_rechunked_bodies(makeSeed(), 300))
    }

    @Test func givesOneVerdictOnDamagedBodies() {
        expectNoProblem(vn_check_damaged_bodies(makeSeed(), 5000))
    }

    @Test func endsABodyByItsLength() {
        expectNoProblem(vn_check_body_by_length())
    }

    @Test func lendsDataWhereItLies() {
        expectNoProblem(vn_check_chunk_data_is_lent())
    }

    @Test func refusesABodyPastItsLimitWith413() {
        expectNoProblem(vn_check_limit_of_body_size())
    }

    @Test func refusesALongChunkLineWith400() {
        expectNoProblem(vn_check_limit_of_chunk_line())
    }

    @Test func refusesLongTrailersWith431() {
        expectNoProblem(vn_check_limit_of_body_trailers())
    }
}
