// SPDX-License-Identifier: MIT

public import Vanilla
public import VanillaTesting

// Requests with a value in JSON, by Foundation's encoder as it is; `body: .json(value, with:)`
// takes one with options.

extension TestClient {
    /// Sends a request with a value in JSON, and returns the whole answer.
    ///
    /// - Throws: What the encoder throws, ``TestError``, or `CancellationError`.
    @discardableResult
    nonisolated(nonsending) public func send<Value: Encodable>(
        _ method: Method, _ target: String, headers: TestHeaders = [:], json value: Value
    ) async throws -> TestResponse {
        try await send(method, target, headers: headers, body: .json(value))
    }

    /// Sends a POST with a value in JSON, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func post<Value: Encodable>(
        _ target: String, headers: TestHeaders = [:], json value: Value
    ) async throws -> TestResponse {
        try await send(.post, target, headers: headers, body: .json(value))
    }

    /// Sends a PUT with a value in JSON, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func put<Value: Encodable>(
        _ target: String, headers: TestHeaders = [:], json value: Value
    ) async throws -> TestResponse {
        try await send(.put, target, headers: headers, body: .json(value))
    }

    /// Sends a PATCH with a value in JSON, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func patch<Value: Encodable>(
        _ target: String, headers: TestHeaders = [:], json value: Value
    ) async throws -> TestResponse {
        try await send(.patch, target, headers: headers, body: .json(value))
    }
}
