// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// What the producer of a body wants next. Later versions may have more.
    public struct StreamStep: Sendable, Hashable {
        /// The step's number in C.
        let c: Int32

        private init(_ number: Int) {
            c = Int32(number)
        }

        /// To be called again once the client has taken most of what was written.
        public static let more = StreamStep(VN_PRODUCE_MORE)
        /// To be called again after ``ResponseWriter/Handle/resume()``.
        public static let wait = StreamStep(VN_PRODUCE_WAIT)
        /// Nothing: the body is complete.
        public static let done = StreamStep(VN_PRODUCE_DONE)
    }
}
