// SPDX-License-Identifier: MIT

import Testing

/// `#expect` for conditions on views that cannot leave their scope, which the macro would capture.
func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}
