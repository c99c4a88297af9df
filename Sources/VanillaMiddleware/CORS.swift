// SPDX-License-Identifier: MIT

public import Vanilla

/// Lets pages of other origins ask this server (cross-origin resource sharing, as the Fetch
/// standard has it).
///
/// ```swift
/// let cors = CORS(.only(["https://app.example"], withCredentials: true))
/// routes.use(cors.middleware)
/// configuration.onRefusal = { refusal, response in cors.allow(refusal, &response) }
/// ```
///
/// Used by the router itself, and not by a group: only there it sees preflights, which are
/// `OPTIONS` requests that a browser sends first, and answers them with 204. Whatever else comes
/// goes on to its handler, from an origin that is not allowed too: it is the browser that keeps the
/// answer from the page, and a request without a preflight has done its work by then. So this is no
/// protection against forged requests.
///
/// An answer 500 because a handler threw has none of these headers: its page learns no more than
/// that something failed.
public struct CORS: Sendable {
    /// Whose pages may read answers.
    public enum Origins: Sendable, Equatable {
        /// Everybody's, without credentials: what they read, anybody can.
        case any
        /// Those of these origins, such as "https://app.example", compared as they are.
        /// `withCredentials`: also with the cookies that the browser has for this server.
        case only(Set<String>, withCredentials: Bool = false)
    }

    /// Whose pages may read answers.
    public let origins: Origins
    /// What pages may do, besides `GET`, `HEAD` and simple forms.
    public var methods: [Method] = [.get, .head, .post, .put, .patch, .delete]
    /// Headers that pages may send, besides those that any page may send; `nil`: those that they
    /// ask for.
    public var allowedHeaders: [String]?
    /// Headers of answers that pages may read, besides those that any page may read.
    public var exposedHeaders: [String] = []
    /// Seconds for which a browser may remember the answer to a preflight.
    public var maximumAge = 600

    /// Allows these origins.
    public init(_ origins: Origins) {
        self.origins = origins
    }

    /// For `routes.use` of the router.
    public var middleware: Routes.Middleware {
        { request, response, next in
            let isAllowed = addHeaders(for: request, &response)
            guard isAllowed, request.method == .options,
                request.headers["Access-Control-Request-Method"] != nil
            else { return try next(request, &response) }
            answerPreflight(request, &response)
        }
    }

    /// Has the page read that its request was refused by the server itself: for
    /// `configuration.onRefusal`.
    public func allow(_ refusal: Server.Refusal, _ response: inout ResponseWriter) {
        guard let request = refusal.request else { return }
        _ = addHeaders(for: request, &response)
    }

    /// Returns whether its origin is allowed.
    private func addHeaders(for request: Request, _ response: inout ResponseWriter) -> Bool {
        let origin = request.headers[.origin]
        switch origins {
        case .any:
            guard origin != nil else { return false }
            response.headers[.accessControlAllowOrigin] = "*"
        case .only(let allowed, let withCredentials):
            // Another origin, or none, would have got another answer.
            response.headers.add(.vary, "Origin")
            guard let origin, allowed.contains(origin) else { return false }
            response.headers[.accessControlAllowOrigin] = origin
            if withCredentials { response.headers["Access-Control-Allow-Credentials"] = "true" }
        }
        if !exposedHeaders.isEmpty {
            response.headers["Access-Control-Expose-Headers"] =
                exposedHeaders.joined(separator: ", ")
        }
        return true
    }

    private func answerPreflight(_ request: Request, _ response: inout ResponseWriter) {
        let names = methods.map { "\($0)" }.joined(separator: ", ")
        response.headers["Access-Control-Allow-Methods"] = names
        let asked = request.headers["Access-Control-Request-Headers"]
        response.headers["Access-Control-Allow-Headers"] =
            allowedHeaders.map { $0.joined(separator: ", ") } ?? asked
        response.headers["Access-Control-Max-Age"] = "\(maximumAge)"
        response.headers.add(
            .vary, "Access-Control-Request-Method, Access-Control-Request-Headers")
        response.send(status: .noContent)
    }
}
