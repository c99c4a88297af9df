// SPDX-License-Identifier: MIT

import CLibrary

/// The processors of this machine; one at least.
public var processorCount: Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}
