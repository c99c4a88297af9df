// SPDX-License-Identifier: MIT

/// Which content type a file has, by the end of its name.
///
/// ```swift
/// var types = FileTypes.common
/// types["glsl"] = .plainText
/// ```
public struct FileTypes: Sendable {
    private var types: [String: ContentType]

    /// None but those that are added.
    public init() {
        types = [:]
    }

    /// The type of files whose names end with a dot and `ending`, in whatever case; `nil` where it
    /// is not known, and the file is `application/octet-stream`.
    public subscript(_ ending: String) -> ContentType? {
        get { types[ending.lowercased()] }
        set { types[ending.lowercased()] = newValue }
    }

    /// The type of a file by its name or path.
    public func type(of path: String) -> ContentType {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else {
            return .bytes
        }
        return self[String(Substring(name[name.index(after: dot)...]))] ?? .bytes
    }
}

extension FileTypes {
    /// The common ones of the web. Text is UTF-8, and says so.
    public static let common: FileTypes = {
        var common = FileTypes()
        for (ending, type) in text + data { common.types[ending] = type }
        return common
    }()

    private static let text: [(String, ContentType)] = [
        ("html", .html), ("htm", .html), ("css", .css), ("js", .javaScript),
        ("mjs", .javaScript), ("txt", .text), ("text", .text), ("log", .text),
        ("md", "text/markdown; charset=utf-8"), ("csv", "text/csv; charset=utf-8"),
        ("tsv", "text/tab-separated-values; charset=utf-8"),
        ("ics", "text/calendar; charset=utf-8"), ("vcf", "text/vcard; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"), ("xml", "text/xml; charset=utf-8"),
        ("xsl", "text/xml; charset=utf-8"), ("yaml", "application/yaml"),
        ("yml", "application/yaml"), ("xhtml", "application/xhtml+xml; charset=utf-8"),
        ("atom", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        // JSON has no charset: RFC 8259, section 11.
        ("json", .json), ("map", .json), ("jsonld", "application/ld+json"),
        ("geojson", "application/geo+json"),
        ("webmanifest", "application/manifest+json"),
        ("svg", "image/svg+xml; charset=utf-8"),
    ]

    private static let data: [(String, ContentType)] = [
        ("png", "image/png"), ("apng", "image/apng"), ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
        ("avif", "image/avif"), ("jxl", "image/jxl"), ("heic", "image/heic"),
        ("bmp", "image/bmp"), ("tif", "image/tiff"), ("tiff", "image/tiff"),
        ("ico", "image/x-icon"),
        ("mp3", "audio/mpeg"), ("m4a", "audio/mp4"), ("aac", "audio/aac"),
        ("ogg", "audio/ogg"), ("oga", "audio/ogg"), ("opus", "audio/ogg"),
        ("wav", "audio/wav"), ("flac", "audio/flac"), ("weba", "audio/webm"),
        ("mid", "audio/midi"), ("midi", "audio/midi"),
        ("mp4", "video/mp4"), ("m4v", "video/mp4"), ("webm", "video/webm"),
        ("ogv", "video/ogg"), ("mov", "video/quicktime"), ("mpeg", "video/mpeg"),
        ("mpg", "video/mpeg"), ("avi", "video/x-msvideo"), ("mkv", "video/x-matroska"),
        ("m3u8", "application/vnd.apple.mpegurl"), ("ts", "video/mp2t"),
        ("mpd", "application/dash+xml"),
        ("woff", "font/woff"), ("woff2", "font/woff2"), ("ttf", "font/ttf"),
        ("otf", "font/otf"), ("eot", "application/vnd.ms-fontobject"),
        ("wasm", "application/wasm"), ("pdf", "application/pdf"),
        ("zip", "application/zip"), ("gz", "application/gzip"), ("tgz", "application/gzip"),
        ("br", .bytes), ("zst", "application/zstd"), ("tar", "application/x-tar"),
        ("bz2", "application/x-bzip2"), ("xz", "application/x-xz"),
        ("7z", "application/x-7z-compressed"), ("rar", "application/vnd.rar"),
        ("epub", "application/epub+zip"), ("rtf", "application/rtf"),
        ("doc", "application/msword"), ("xls", "application/vnd.ms-excel"),
        ("ppt", "application/vnd.ms-powerpoint"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("odt", "application/vnd.oasis.opendocument.text"),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
        ("odp", "application/vnd.oasis.opendocument.presentation"),
        ("sql", "application/sql"), ("sh", "application/x-sh"),
        ("glb", "model/gltf-binary"), ("gltf", "model/gltf+json"),
        ("jar", "application/java-archive"), ("apk", "application/vnd.android.package-archive"),
        ("dmg", .bytes), ("iso", .bytes), ("bin", .bytes), ("exe", .bytes),
    ]
}
