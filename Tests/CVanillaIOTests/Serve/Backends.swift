// SPDX-License-Identifier: MIT

import CVanillaIO
import CVanillaIOChecks

/// The backends that the core is tested on: all that this system has, and kqueue where its model
/// was built.
let realBackends: [UInt8] =
    [UInt8(VN_BACKEND_URING), UInt8(VN_BACKEND_EPOLL)]
    + (vn_ring_is_available(Int32(VN_CHECK_KQUEUE)) ? [UInt8(VN_BACKEND_KQUEUE)] : [])
