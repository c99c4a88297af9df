// SPDX-License-Identifier: MIT

import Foundation

/// Not the global pool of threads, which tests that wait may fill.
public func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    Thread(block: body).start()
}

/// Which thread this is, among those that live.
public func threadNumber() -> Int { Int(bitPattern: pthread_self()) }
