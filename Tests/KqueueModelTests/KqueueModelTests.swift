// SPDX-License-Identifier: MIT
// What kqueue(2) says, of the model that the tests have on Linux.

import KqueueModel
import Testing

struct ModelSentence: CustomTestStringConvertible, Sendable {
    let number: Int32
    let text: String
    var testDescription: String { text }

    static let all: [ModelSentence] = sequence(first: Int32(0)) { $0 + 1 }.lazy
        .map { number in
            kqueue_model_sentence(number).map {
                ModelSentence(number: number, text: String(cString: $0))
            }
        }
        .prefix { $0 != nil }
        .compactMap { $0 }
}

@Suite struct KqueueModelTests {
    @Test(arguments: ModelSentence.all)
    func doesWhatItsManualSays(_ sentence: ModelSentence) {
        #expect(kqueue_model_check(sentence.number).map { String(cString: $0) } == nil)
    }
}
