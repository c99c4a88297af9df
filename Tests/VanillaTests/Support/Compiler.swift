// SPDX-License-Identifier: MIT

import Foundation
import VanillaTestSupport

/// Has the compiler look at programs that use Vanilla.
func compile(_ paths: [String], _ options: [String] = []) throws -> (status: Int32, output: String)
{
    // Not to /dev/null: a compiler that clears its product away takes that from everybody.
    let product = FileManager.default.temporaryDirectory.appending(
        path: "compiled-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: product) }
    // Lives of values are checked after the types: -typecheck would not see them.
    let result = try run(
        ["swiftc", "-emit-sil", "-o", product.path, "-swift-version", "6"] + options
            + ["-I", modules.path]
            + ["-I", repository.appending(path: "Sources/CVanillaIO/include").path] + paths)
    return (result.status, result.output)
}
