// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension FileFolder {
    /// Names that a list has at most.
    private static var maximumNames: Int { 10_000 }

    /// A page with the names in a folder.
    func list(_ folder: OpenFile, _ path: FilePath, _ now: UInt64) throws -> FoundFile {
        var names = FolderNames(
            maximum: Self.maximumNames, withDots: options.servesDotFiles)
        let result = unsafe withUnsafeMutablePointer(to: &names) { names in
            unsafe vn_folder_list(folder.descriptor, FolderNames.callback, names)
        }
        guard result == 0 else {
            throw FileError(.unavailable, "A folder cannot be listed.", code: -result)
        }
        let bytes = SharedBytes(page(names.names.sorted(), path))
        let variant = FileVariant(
            coding: Int32(VN_CODING_IDENTITY), facts: folder.facts,
            etag: ETag(hashing: bytes.bytes),
            bytes: bytes)
        let entry = FileEntry(
            .file([variant]), contentType: .html, cacheControl: "no-cache", foundAt: now)
        return FoundFile(entry: entry, status: .ok)
    }

    private func page(_ names: [String], _ path: FilePath) -> String {
        let title = "/" + String(decoding: path.bytes.dropLast(), as: UTF8.self)
        var page = """
            <!DOCTYPE html>
            <html><head><meta charset="utf-8"><title>\(htmlEscaped(title))</title></head>
            <body><h1>\(htmlEscaped(title))</h1><ul>

            """
        if path.bytes.count > 1 { page += "<li><a href=\"../\">../</a></li>\n" }
        for name in names {
            // With "./", a name with a colon is no scheme.
            page += "<li><a href=\"./\(percentEncoded(name.utf8))\">\(htmlEscaped(name))</a></li>\n"
        }
        return page + "</ul></body></html>\n"
    }
}

/// The names in a folder, those of folders with a slash at the end.
private struct FolderNames {
    let maximum: Int
    let withDots: Bool
    var names: [String] = []

    static let callback:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Bool) -> Bool = {
            context, name, isFolder in
            // C always passes both, and the context is that of the call in `list`.
            let names = unsafe context!.assumingMemoryBound(to: FolderNames.self)
            let text = unsafe String(cString: name!)
            if text.hasPrefix(".") && !(unsafe names.pointee.withDots) { return true }
            unsafe names.pointee.names.append(isFolder ? text + "/" : text)
            return unsafe names.pointee.names.count < names.pointee.maximum
        }
}

private func htmlEscaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        default: escaped.unicodeScalars.append(character)
        }
    }
    return escaped
}

/// Bytes of a path as a URL has them: slashes and what is encoded already stay.
func percentEncoded(_ path: some Sequence<UInt8>, keepingEscapes: Bool = false) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in path {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "&"):
            encoded.append(byte)
        case UInt8(ascii: "%") where keepingEscapes:
            encoded.append(byte)
        default:
            encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}
