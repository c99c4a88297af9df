// SPDX-License-Identifier: MIT

import HexagonalApplication
import Vanilla
import VanillaJSON

extension Server {
    /// What this example serves.
    static func hexagonal(
        _ configuration: Configuration, application: Application,
        maximumHashesOfAddress: Int = 8
    ) throws -> Server {
        var configuration = configuration
        // Forms of a few short fields.
        configuration.limits.body = 16 << 10
        let hashes = AddressLimit(maximum: maximumHashesOfAddress)
        return try Server(
            configuration: configuration, router: .hexagonal(application, hashes: hashes))
    }
}

extension Router {
    /// The application, reached by HTTP and JSON.
    ///
    /// - Parameter hashes: What has a password hashed, before it waits with that of others.
    static func hexagonal(
        _ application: Application, hashes: AddressLimit
    ) throws(RouteError) -> Router {
        try Router { routes in
            routes.post(
                "/users",
                answered { request, response in
                    let form = try request.decode(RegistrationForm.self)
                    let address = try request.begin(hashes)
                    defer { hashes.end(address) }
                    let user = try await application.register(form)
                    try response.sendJSON(UserBody(user), status: .created)
                })
            routes.get(
                "/users",
                answered { request, response in
                    let users = try await application.listUsers(request.page)
                    try response.sendJSON(users.map(UserBody.init))
                })
            routes.post(
                "/login",
                answered { request, response in
                    let form = try request.decode(LoginForm.self)
                    let address = try request.begin(hashes)
                    defer { hashes.end(address) }
                    let user = try await application.logIn(form)
                    try response.sendJSON(UserBody(user))
                })
            routes.post(
                "/products",
                answered { request, response in
                    let form = try request.decode(ProductForm.self)
                    let product = try await application.addProduct(form)
                    try response.sendJSON(ProductBody(product), status: .created)
                })
            routes.get(
                "/products",
                answered { request, response in
                    let products = try await application.listProducts(request.page)
                    try response.sendJSON(products.map(ProductBody.init))
                })
        }
    }
}

/// A handler whose failures are answered in JSON, where they are the client's.
private func answered(_ handler: @escaping Server.AsyncHandler) -> Server.AsyncHandler {
    { request, response in
        do {
            try await handler(request, &response)
        } catch let error as ApplicationError {
            try response.refuse(error)
        } catch let error as RequestError {
            if let seconds = error.retryAfter {
                try response.headers.add(.retryAfter, "\(seconds)")
            }
            try response.sendJSON(ErrorBody(error: error.message), status: error.status)
        }
    }
}

extension Request {
    /// Counts one more of its client, to be ended with what this returns.
    fileprivate func begin(_ limit: AddressLimit) throws(RequestError) -> String? {
        let address = peer?.address
        guard limit.begin(address) else {
            throw RequestError(
                .tooManyRequests, "Too many of your requests are under way.", retryAfter: 1)
        }
        return address
    }

    /// The page that the query asks for, as `?after=100&limit=50`.
    fileprivate var page: Page {
        get throws(RequestError) {
            let after: Int64? = number("after", orElse: 0)
            let limit: Int? = number("limit", orElse: 100)
            guard let after, let limit, let page = Page(after: after, limit: limit) else {
                throw RequestError(
                    .badRequest,
                    "\"after\" must be a whole number, and \"limit\" one from 1 to \(Page.maximumLimit)."
                )
            }
            return page
        }
    }

    /// A number of the query; `nil` where it is not a number.
    private func number<Number: FixedWidthInteger>(_ name: String, orElse other: Number) -> Number?
    {
        guard let item = query.first(named: name) else { return other }
        return item.number()
    }
}
