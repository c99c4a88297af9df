// SPDX-License-Identifier: MIT

extension Routes {
    /// Adds a route for GET, and with it HEAD, that answers with the files of a folder.
    ///
    /// ```swift
    /// routes.files("/static/*path", from: "public")
    /// ```
    ///
    /// The folder is opened when the router is made, and is one for all workers.
    ///
    /// - Parameters:
    ///   - path: As ``Router`` says, after the group's prefix, with a rest at its end: that is the
    ///     path in the folder.
    ///   - folder: Its path; a relative one begins in the working directory of the process. Where
    ///     it cannot be opened, `Router.init` throws.
    ///   - options: How its files are served.
    public mutating func files(
        _ path: String, from folder: String, options: FileFolder.Options = FileFolder.Options()
    ) {
        do {
            files(path, from: try openFolder(folder, for: path, options))
        } catch {
            misplace("The route \"\(path)\": \(error)")
        }
    }

    /// Adds a route that answers with the files of a folder that is open.
    public mutating func files(_ path: String, from folder: FileFolder) {
        guard path.utf8.split(separator: UInt8(ascii: "/")).last?.first == UInt8(ascii: "*") else {
            return misplace(
                "The route \"\(path)\" of files: it ends with a rest, such as \"*path\".")
        }
        let withDots = folder.options.servesDotFiles
        let handler = RouteHandler(
            { request, response in
                let file = FilePath(encoded: request.parameters.rest, servesDotFiles: withDots)
                if folder.answerAtOnce(file, request, &response) { return }
                try response.run(for: request) { request, response in
                    let file = FilePath(encoded: request.parameters.rest, servesDotFiles: withDots)
                    try await folder.answer(file, request, &response)
                }
            },
            waiting: { request, response in
                let file = FilePath(encoded: request.parameters.rest, servesDotFiles: withDots)
                if folder.answerAtOnce(file, request, &response) { return }
                try await folder.answer(file, request, &response)
            })
        add([.get], path, body: .ignored, handler)
    }
}

extension Request.Parameters {
    /// The last parameter of the route, as it was sent; empty where it has none.
    var rest: Bytes {
        @_lifetime(copy self) get { self[at: count - 1] }
    }
}
