// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A folder whose files are answers.
///
/// ```swift
/// let reports = try FileFolder("reports")
/// routes.get("/reports/:name") { request, response in
///     let name = try request.parameters.require("name")
///     try response.send(file: name + ".pdf", from: reports, for: request)
/// }
/// ```
///
/// It is open from its `init` on: a folder that is moved or renamed afterwards is still the one.
/// Every path is followed from there and never leads outside, whatever it says and whatever links
/// are there. What was opened, read and found missing of late is kept in memory, within the bounds
/// of ``Options/Memory-swift.struct``, and looked at again after a second. Any thread may use it.
@safe
public final class FileFolder: Sendable {
    /// Its path, as it was given.
    public let path: String
    /// How its files are served.
    public let options: Options

    let descriptor: Int32
    let memory: Lock<FileMemory>

    /// Opens a folder.
    ///
    /// - Parameters:
    ///   - path: Relative ones begin in the working directory of the process.
    ///   - options: How its files are served.
    /// - Throws: ``FileError`` of the kind `unavailable` where it cannot be opened.
    public init(_ path: String, options: Options = Options()) throws(FileError) {
        // The text ends with a zero, for the length of the call.
        let descriptor = unsafe path.withCString { path in unsafe vn_folder_open(path) }
        guard descriptor >= 0 else {
            throw FileError(
                .unavailable, "The folder \"\(path)\" cannot be opened.", code: -descriptor)
        }
        self.path = path
        self.options = options
        self.descriptor = descriptor
        memory = Lock(FileMemory(options.memory))
    }

    deinit {
        vn_folder_close(descriptor)
    }
}
