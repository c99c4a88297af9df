// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension HTTPDate: LosslessStringConvertible {
    /// The date as it is sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: VN_DATE_SIZE) { text in
            // C writes exactly these bytes, and there is an address, because there is a capacity.
            unsafe vn_date_write(text.baseAddress!, secondsSince1970)
            return VN_DATE_SIZE
        }
    }

    /// The date that a field spells so, to the letter; `nil` where the text is not a date.
    ///
    /// All three forms of RFC 9110, section 5.6.7, are read: the one that is sent, and the obsolete
    /// ones of RFC 850, whose years have two digits and are at most 50 ahead, and of C's `asctime`.
    /// A date before 1970 becomes the beginning of 1970.
    public init?(_ text: String) {
        guard let date = text.withBytes({ text in HTTPDate(text) }) else { return nil }
        self = date
    }

    /// The date that a field spells so; `nil` as for a `String`.
    public init?(_ text: Bytes) {
        var seconds: Int64 = 0
        let isDate = unsafe text.withCSpan { text in
            unsafe vn_date_parse(text, HTTPDate.now.secondsSince1970, &seconds)
        }
        guard isDate else { return nil }
        self.init(secondsSince1970: seconds)
    }

    /// This moment, by the system's clock.
    public static var now: HTTPDate {
        HTTPDate(secondsSince1970: currentTime())
    }
}
