// SPDX-License-Identifier: MIT

/// Records its own end.
public final class Witness: Sendable {
    private let recorder: Recorder<Int>

    public init(_ recorder: Recorder<Int>) {
        self.recorder = recorder
    }

    deinit {
        recorder.record(1)
    }
}
