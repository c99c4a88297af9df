// SPDX-License-Identifier: MIT
// A request's head, whole and in pieces, by the portable scanner and by this processor's.

import CVanillaIOChecks
import Testing

@Suite struct HeadTests {
    @Test(arguments: Row.all(vn_head_row_count(), vn_head_row_name))
    func givesOneVerdictHoweverTheBytesAreCut(_ row: Row) {
        expectNoProblem(vn_check_head_row(row.index))
    }

    @Test(arguments: Row.all(vn_trailers_row_count(), vn_trailers_row_name))
    func readsTrailersAsTheBodyDoes(_ row: Row) {
        expectNoProblem(vn_check_trailers_row(row.index))
    }

    @Test func takesOnlyTokenBytesInAMethod() {
        expectNoProblem(vn_check_bytes_of_method())
    }

    @Test func takesOnlyVisibleBytesInATarget() {
        expectNoProblem(vn_check_bytes_of_target())
    }

    @Test func takesOnlyTokenBytesInAName() {
        expectNoProblem(vn_check_bytes_of_name())
    }

    @Test func takesNoControlBytesInAValue() {
        expectNoProblem(vn_check_bytes_of_value())
    }

    @Test func takesOnlyBytesOfAnAuthorityInHost() {
        expectNoProblem(vn_check_bytes_of_host())
    }

    @Test func givesOneVerdictOnDamagedHeads() {
        expectNoProblem(vn_check_damaged_heads(makeSeed(), 5000))
    }

    @Test func givesOneVerdictOnDamagedTrailers() {
        expectNoProblem(vn_check_damaged_trailers(makeSeed(), 5000))
    }

    @Test func beginsWithoutTouchingFieldsOrConnection() {
        expectNoProblem(vn_check_begin_keeps_fields())
    }

    @Test func findsFieldsInAnyCase() {
        expectNoProblem(vn_check_find())
    }

    @Test func tellsWritersWhatIsATokenAndWhatAValue() {
        expectNoProblem(vn_check_writers_questions())
    }
}
