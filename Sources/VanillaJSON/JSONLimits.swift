// SPDX-License-Identifier: MIT

/// How deep the JSON of a request may be nested. How large it may be is `limits.body` of the
/// server's configuration.
public enum JSONLimits {
    /// The number of arrays and objects that may be open at the same time, unless said otherwise:
    /// 128.
    ///
    /// A type that contains itself takes stack for each of them.
    public static let defaultNesting = 128
    /// The greatest number that can be asked for: 500. Foundation itself stops a little above.
    public static let maximumNesting = 500
}
