// SPDX-License-Identifier: MIT

import Foundation
import HexagonalApplication

@testable import HexagonalExample

/// The stores there are, each made anew.
enum TestedStore: String, CaseIterable {
    case memory
    case sqlite

    /// Calls `body` with an empty store.
    func with(_ body: (any UserStore & ProductStore) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryStore())
        case .sqlite:
            let file = TemporaryFile()
            let store = try SQLiteStore(path: file.path)
            try await body(store)
            store.close()
        }
    }
}

/// A path where nothing is, and nothing will be.
final class TemporaryFile: Sendable {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "vanilla-\(UUID().uuidString)")
    var path: String { directory.appending(path: "store.sqlite").path }

    init() {
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }
}
