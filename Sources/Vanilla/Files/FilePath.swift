// SPDX-License-Identifier: MIT

/// A path below a folder, as a client asks for it: decoded, and nothing in it that leads elsewhere.
struct FilePath {
    /// Bytes with a zero at the end: names, with slashes between them.
    let bytes: [UInt8]
    /// The same as text; `nil` where it is not UTF-8, and nothing about it is kept.
    let text: String?
    /// Whether it names a folder: it is empty or ends with a slash.
    let namesFolder: Bool

    /// Reads a path that is percent-encoded. `nil` for one that no file has: with a segment that is
    /// empty, `.` or `..`, with a zero byte, and with an escaped slash, and where `servesDotFiles`
    /// does not say otherwise with a name that begins with a dot.
    init?(encoded: Bytes, servesDotFiles: Bool) {
        if encoded.firstIndex(of: UInt8(ascii: "%")) == nil {
            self.init([UInt8](encoded), servesDotFiles)
        } else {
            let slashes = encoded.count(of: UInt8(ascii: "/"))
            guard let decoded = encoded.percentDecodedBytes(),
                decoded.count(where: { $0 == UInt8(ascii: "/") }) == slashes
            else { return nil }
            self.init(decoded, servesDotFiles)
        }
    }

    /// One that a program names. `nil` as for a client's.
    init?(_ path: String, servesDotFiles: Bool) {
        self.init(Array(path.utf8), servesDotFiles)
    }

    private init?(_ path: [UInt8], _ servesDotFiles: Bool) {
        let slash = UInt8(ascii: "/")
        var start = 0
        while start < path.count {
            let end = path[start...].firstIndex(of: slash) ?? path.count
            let name = path[start..<end]
            if name.isEmpty || name.contains(0) || name.count > 255 { return nil }
            if name.first == UInt8(ascii: ".") {
                let isDots = name.count == 1 || (name.count == 2 && name.last == UInt8(ascii: "."))
                if isDots || !servesDotFiles { return nil }
            }
            start = end + 1
        }
        bytes = path + [0]
        text = String(validating: path, as: UTF8.self)
        namesFolder = path.isEmpty || path.last == slash
    }

    /// The same with more at its end.
    func appending(_ ending: String) -> [UInt8] {
        bytes.dropLast() + Array(ending.utf8) + [0]
    }

    /// Whether its last segment has a dot.
    var hasEnding: Bool {
        let name = bytes.dropLast().split(separator: UInt8(ascii: "/")).last ?? []
        return name.contains(UInt8(ascii: "."))
    }
}

extension Bytes {
    fileprivate func count(of byte: UInt8) -> Int {
        var count = 0
        for index in span.indices where span[index] == byte { count += 1 }
        return count
    }
}
