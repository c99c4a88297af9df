// SPDX-License-Identifier: MIT

import Foundation

/// Whether a sanitizer is in this process: everything is slow then, and memory that was freed
/// stays.
public let isSanitized =
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
