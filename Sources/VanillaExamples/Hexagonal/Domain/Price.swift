// SPDX-License-Identifier: MIT

/// What something costs.
public struct Price: Equatable, Sendable {
    public let amount: Amount
    public let currency: Currency

    public init(amount: Amount, currency: Currency) {
        self.amount = amount
        self.currency = currency
    }
}
