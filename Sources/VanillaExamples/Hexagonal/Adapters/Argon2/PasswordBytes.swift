// SPDX-License-Identifier: MIT

import Foundation

/// The bytes of a password that are hashed: the same for all ways to type the same text.
///
/// This is what the profile OpaqueString of RFC 8265 (section 4.2) says: other spaces become a
/// space, and the rest the normalization form C. One keyboard sends ä as a character, another as an
/// a with a diaeresis.
func passwordBytes(_ text: String) -> [UInt8] {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        scalars.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
    }
    return Array(String(scalars).precomposedStringWithCanonicalMapping.utf8)
}
