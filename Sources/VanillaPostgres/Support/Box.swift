// SPDX-License-Identifier: MIT

/// What crosses a thread without being used there.
struct Box<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
