// SPDX-License-Identifier: MIT

import Foundation

/// Whether there is time for tests at full length: set by `scripts/test --long`.
public let isLong = ProcessInfo.processInfo.environment["VANILLA_LONG"] == "1"
