// SPDX-License-Identifier: MIT

// One function for each method, each as `send(_:_:headers:body:)`.

extension TestClient {
    /// Sends a GET, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func get(
        _ target: String, headers: TestHeaders = [:]
    ) async throws -> TestResponse {
        try await send(.get, target, headers: headers)
    }

    /// Sends a HEAD, and returns the answer, which has no body.
    @discardableResult
    nonisolated(nonsending) public func head(
        _ target: String, headers: TestHeaders = [:]
    ) async throws -> TestResponse {
        try await send(.head, target, headers: headers)
    }

    /// Sends a POST, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func post(
        _ target: String, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestResponse {
        try await send(.post, target, headers: headers, body: body)
    }

    /// Sends a PUT, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func put(
        _ target: String, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestResponse {
        try await send(.put, target, headers: headers, body: body)
    }

    /// Sends a PATCH, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func patch(
        _ target: String, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestResponse {
        try await send(.patch, target, headers: headers, body: body)
    }

    /// Sends a DELETE, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func delete(
        _ target: String, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestResponse {
        try await send(.delete, target, headers: headers, body: body)
    }

    /// Sends an OPTIONS, and returns the whole answer.
    @discardableResult
    nonisolated(nonsending) public func options(
        _ target: String, headers: TestHeaders = [:]
    ) async throws -> TestResponse {
        try await send(.options, target, headers: headers)
    }
}
