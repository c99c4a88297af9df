// SPDX-License-Identifier: MIT

/// Records its own end.
package final class Witness: Sendable {
    private let recorder: Recorder<Int>

    package init(_ recorder: Recorder<Int>) {
        self.recorder = recorder
    }

    deinit {
        recorder.record(1)
    }
}
