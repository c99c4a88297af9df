// SPDX-License-Identifier: MIT

/// What crosses threads without being used by two at a time; who makes it says why.
struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
