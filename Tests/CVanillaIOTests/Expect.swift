// SPDX-License-Identifier: MIT
import Testing

/// Run a check of the core; what it says is the failure.
func expectNoProblem(
    _ problem: UnsafePointer<CChar>?, _ location: SourceLocation = #_sourceLocation
) {
    if let problem { Issue.record("\(String(cString: problem))", sourceLocation: location) }
}
