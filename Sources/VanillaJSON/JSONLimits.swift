// SPDX-License-Identifier: MIT

/// How large and how deep the JSON of a request may be, unless said otherwise.
public enum JSONLimits {
    /// The bytes that a body may have: 1 MiB.
    ///
    /// Smaller than what `limits.body` lets through, because each byte of JSON costs its worker
    /// more than one that is only gathered.
    public static let defaultCount = 1 << 20
    /// The number of arrays and objects that may be open at the same time: 32.
    ///
    /// A type that contains itself takes stack for each of them, and an error of a type that tries
    /// several names each of them.
    public static let defaultNesting = 32
    /// The greatest number that can be asked for: 500.
    public static let maximumNesting = 500
}
