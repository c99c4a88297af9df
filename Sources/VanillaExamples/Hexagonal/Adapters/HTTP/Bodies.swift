// SPDX-License-Identifier: MIT
// What of the application goes over the wire, so that nothing else does.

import HexagonalApplication
import HexagonalDomain

/// A user, without what is kept of the password.
struct UserBody: Encodable {
    let id: Int64
    let name: String

    init(_ user: User) {
        id = user.id
        name = user.name.text
    }
}

/// A product, with its price in the smallest unit of the currency.
struct ProductBody: Encodable {
    let id: Int64
    let name: String
    let price: Int64
    let currency: String

    init(_ product: Product) {
        id = product.id
        name = product.name.text
        price = product.price.amount.minorUnits
        currency = product.price.currency.code
    }
}

/// Why something was not done.
struct ErrorBody: Encodable {
    let error: String
    /// What is wrong with which field, where it is that.
    var problems: [ProblemBody]?
}

/// What is wrong with a field.
struct ProblemBody: Encodable {
    let field: String
    let reason: String
}

extension ProblemBody {
    init(_ problem: Problem) {
        self.init(field: problem.field, reason: problem.reason)
    }
}
