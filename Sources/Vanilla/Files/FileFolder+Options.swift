// SPDX-License-Identifier: MIT

extension FileFolder {
    /// How the files of a folder are served.
    public struct Options: Sendable {
        /// The file that stands for its folder; `nil`: none does.
        public var index: String? = "index.html"
        /// The file, by its path in the folder, that answers 404 in place of the server's own body.
        public var notFound: String?
        /// The file, by its path in the folder, that is sent with 200 where nothing has a path
        /// whose last part has no dot: the page of an application that looks at the path itself.
        /// What has a dot, such as an image, is still 404.
        public var fallback: String?
        /// Whether a folder without an index is listed. Off unless set: names are often nobody's
        /// business.
        public var listsFolders = false
        /// Whether files and folders whose names begin with a dot are served. Off unless set, since
        /// `.git` and `.env` are often where nobody thought of them.
        public var servesDotFiles = false
        /// Whether symbolic links are followed, to what lies inside of the folder. What lies
        /// outside is never reached.
        public var followsLinks = true
        /// Whether `name.zst`, `name.br` and `name.gz` are sent in place of `name` to clients that
        /// take this coding, where they are not older than it.
        public var sendsCompressed = true
        /// The content types.
        public var types = FileTypes.common
        /// The value of Cache-Control for a file, by its path in the folder; `nil`: no such header.
        public var cacheControl: @Sendable (_ path: String) -> String? = { path in
            Options.defaultCacheControl(for: path)
        }
        /// What is kept in memory.
        public var memory = Memory()

        /// The defaults.
        public init() {}

        /// How much of a folder's files is kept in memory.
        public struct Memory: Sendable {
            /// All bytes: 64 MiB unless set; 0: none.
            public var maximumBytes = 64 << 20
            /// The bytes of one file: 16 MiB unless set. A larger one is read for each request, and
            /// so is one of more than 64 KiB that was asked for once only.
            public var maximumFileBytes = 16 << 20
            /// The files, and the paths at which there is none: 4096 unless set.
            public var maximumFiles = 4096
            /// How long a file is kept that nobody asks for, in seconds: 60 unless set.
            public var maximumAge = 60

            /// The defaults.
            public init() {}
        }
    }
}

extension FileFolder.Options {
    /// The rule for Cache-Control unless another is set: a year and `immutable` for a file whose
    /// name has a hash in it, 8 or more hexadecimal digits with a letter and a figure among them
    /// after a dot or a hyphen, as in `app.3f2a9c1b.js`; `no-cache` for any other, which a client
    /// may keep and asks about each time.
    public static func defaultCacheControl(for path: String) -> String? {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        let parts = name.split { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        let hasHash = parts.dropFirst().contains { part in
            part.count >= 8 && part.allSatisfy { hexadecimalDigit($0) != nil }
                && part.contains { $0 >= UInt8(ascii: "A") }
                && part.contains { $0 <= UInt8(ascii: "9") }
        }
        return hasHash ? "public, max-age=31536000, immutable" : "no-cache"
    }
}
