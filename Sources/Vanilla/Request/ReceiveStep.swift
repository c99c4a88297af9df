// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// What a receiver of a body wants next. Later versions may have more.
    public struct ReceiveStep: Sendable, Hashable {
        /// The step's number in C.
        let c: Int32

        private init(_ number: Int) {
            c = Int32(number)
        }

        /// The next piece, as soon as it comes.
        public static let more = ReceiveStep(VN_RECEIVE_MORE)
        /// Nothing until ``ResponseWriter/Handle/resume()``: nothing is received meanwhile.
        public static let pause = ReceiveStep(VN_RECEIVE_PAUSE)
    }
}
