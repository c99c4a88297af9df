// SPDX-License-Identifier: MIT

public import Vanilla

/// Middleware that lets through who is known, and hands on who that is.
///
/// ```swift
/// struct CurrentUser { let name: String }
///
/// routes.group("/admin") { admin in
///     admin.use(Authentication.basic(realm: "admin") { credentials -> CurrentUser? in
///         isEqualInConstantTime(credentials.password, password)
///             ? CurrentUser(name: credentials.name) : nil
///     })
///     admin.get("") { request, response in
///         response.send(try request.storage.require(CurrentUser.self).name)
///     }
/// }
/// ```
///
/// Others get 401 with the `WWW-Authenticate` that asks for what is missing. Who looks names up in
/// a database does so in asynchronous middleware of their own, with ``BasicCredentials`` and
/// `request.bearerToken`.
public enum Authentication {
    /// A name and a password (RFC 7617). They are sent with each request, so over TLS alone.
    ///
    /// - Parameters:
    ///   - realm: What it is for, which browsers show.
    ///   - check: Who that is; `nil`: nobody. On the worker, which it must not block.
    public static func basic<User>(
        realm: String, _ check: @escaping @Sendable (BasicCredentials) throws -> User?
    ) -> Routes.Middleware {
        let challenge = "Basic realm=\(quoted(realm)), charset=\"UTF-8\""
        return { request, response, next in
            guard let user = try BasicCredentials(request).flatMap(check) else {
                response.headers[.wwwAuthenticate] = challenge
                throw RequestError(.unauthorized, "A name and a password are needed.")
            }
            request.storage[User.self] = user
            try next(request, &response)
        }
    }

    /// A token (RFC 6750).
    ///
    /// - Parameters:
    ///   - realm: What it is for.
    ///   - check: Whose it is; `nil`: nobody's. On the worker, which it must not block.
    public static func bearer<User>(
        realm: String, _ check: @escaping @Sendable (String) throws -> User?
    ) -> Routes.Middleware {
        let missing = "Bearer realm=\(quoted(realm))"
        return { request, response, next in
            guard let token = request.bearerToken else {
                response.headers[.wwwAuthenticate] = missing
                throw RequestError(.unauthorized, "A token is needed.")
            }
            guard let user = try check(token) else {
                response.headers[.wwwAuthenticate] = missing + ", error=\"invalid_token\""
                throw RequestError(.unauthorized, "The token is not valid.")
            }
            request.storage[User.self] = user
            try next(request, &response)
        }
    }

    /// A quoted-string (RFC 9110, section 5.6.4).
    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
