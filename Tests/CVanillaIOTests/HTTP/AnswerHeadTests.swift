// SPDX-License-Identifier: MIT
// The heads of answers.

import CVanillaIOChecks
import Testing

@Suite struct AnswerHeadTests {
    @Test func beginsWithTheLineOfEveryStatusAndTheDate() {
        expectNoProblem(vn_check_head_begins())
    }

    @Test func hasTheBeginOfA200AtHand() {
        expectNoProblem(vn_check_head_prefix())
    }

    @Test func changesTheStatusBeforeFieldsThatAreThere() {
        expectNoProblem(vn_check_head_changes_status())
    }

    @Test func changesTheDate() {
        expectNoProblem(vn_check_head_sets_date())
    }

    @Test func makesItsTagWeakWhereItIsStrong() {
        expectNoProblem(vn_check_head_weakens_its_tag())
    }

    @Test func knowsKindsOfMediaTypes() {
        expectNoProblem(vn_check_media_types())
    }

    @Test func dropsTheLinesOfWhatIsNotSent() {
        expectNoProblem(vn_check_head_drops_lines())
    }

    @Test func findsAndRemovesFieldsAndNoStatusLine() {
        expectNoProblem(vn_check_head_finds_and_removes())
    }

    @Test func addsValidators() {
        expectNoProblem(vn_check_head_validators())
    }

    @Test func keepsTheFieldsOfFramingForItself() {
        expectNoProblem(vn_check_head_owns_fields())
    }

    @Test func endsWithEachFraming() {
        expectNoProblem(vn_check_head_finishes())
    }
}
