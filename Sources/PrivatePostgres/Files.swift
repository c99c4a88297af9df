// SPDX-License-Identifier: MIT
// The little that is needed of files.

internal import CLibrary

/// Makes a directory that one account alone may enter, the caller's where none is named.
///
/// - Returns: Its path, without links.
func makeDirectory(ownedBy account: Account?) throws(PrivatePostgresError) -> String {
    // Everybody may enter /tmp; a root's own TMPDIR may be root's alone.
    let parent = account == nil ? environmentVariable("TMPDIR") ?? "/tmp" : "/tmp"
    var path = Array((realPath(parent) ?? parent).utf8CString.dropLast())
    path += "/vanilla-postgres-XXXXXX".utf8CString
    guard unsafe mkdtemp(&path) != nil else {
        throw PrivatePostgresError("No directory can be made in \(parent)", errorNumber: errno)
    }
    let directory = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    if let account, unsafe chown(directory, account.user, account.group) != 0 {
        let error = errno
        removeEmptyDirectory(directory)
        throw PrivatePostgresError(
            "\(directory) cannot be given to \(account.name)", errorNumber: error)
    }
    return directory
}

func removeEmptyDirectory(_ path: String) {
    unsafe rmdir(path)
}

/// The path without links; `nil` where there is nothing.
func realPath(_ path: String) -> String? {
    guard let found = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
}

/// The names in a directory; none where it cannot be read.
func entries(of directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        // A name ends in a zero, and stays until the next call.
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
            unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
        }
        names.append(name)
    }
    return names
}

/// The first megabyte of a file as text; `nil` where it cannot be read.
func readFile(_ path: String) -> String? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var end = 0
    while end < bytes.count {
        let count = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe read(file, bytes.baseAddress! + end, bytes.count - end)
        }
        if count <= 0 { break }
        end += count
    }
    return String(decoding: bytes.prefix(end), as: UTF8.self)
}

/// The value of a variable of the environment; `nil` where it is not set or empty.
func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
}
