// SPDX-License-Identifier: MIT

/// Where the bytes of parts come from.
protocol FormPartSource: AnyObject {
    /// The next bytes of a part; `nil` at its end, and once another has begun.
    nonisolated(nonsending) func nextPiece(of number: Int) async throws -> [UInt8]?
}

/// A part of a form with files, whose bytes are taken as they come: see ``FormReader``.
///
/// Once the next part was asked for, nothing more comes of this one.
public final class FormPart {
    /// The name of the form's field.
    public let name: String
    /// The name that the file has with the client, as it says: no path to be used here. `nil` where
    /// the part is no file.
    public let fileName: String?
    /// What the client says that it is; `nil`: nothing, which is text.
    public let contentType: String?

    private let source: any FormPartSource
    private let number: Int

    init(
        name: String, fileName: String?, contentType: String?, of source: any FormPartSource,
        number: Int
    ) {
        self.name = name
        self.fileName = fileName
        self.contentType = contentType
        self.source = source
        self.number = number
    }
}

extension FormPart: AsyncSequence {
    /// A piece of the part.
    public typealias Element = [UInt8]

    /// The pieces that were not taken yet.
    public func makeAsyncIterator() -> Iterator { Iterator(part: self) }

    /// Takes the bytes of a part.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let part: FormPart

        /// The next piece, at least a byte; `nil` at the end of the part.
        ///
        /// - Throws: As ``FormReader/next()``.
        nonisolated(nonsending) public func next() async throws -> [UInt8]? {
            try await part.source.nextPiece(of: part.number)
        }
    }
}

extension FormPart {
    /// Waits for all of its bytes.
    ///
    /// - Parameter maximum: The bytes that it may have.
    /// - Throws: ``RequestError`` 413 where there are more, and as ``FormReader/next()``.
    nonisolated(nonsending) public func collect(upTo maximum: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await source.nextPiece(of: number) {
            guard bytes.count + piece.count <= maximum else {
                throw RequestError(
                    .contentTooLarge, "A part of the form has more than \(maximum) bytes.")
            }
            bytes += piece
        }
        return bytes
    }

    /// Waits for all of it as text, in UTF-8.
    ///
    /// - Throws: ``RequestError`` 400 where it is not UTF-8, and as ``collect(upTo:)``.
    nonisolated(nonsending) public func collectText(upTo maximum: Int) async throws -> String {
        guard let text = String(validating: try await collect(upTo: maximum), as: UTF8.self) else {
            throw RequestError(.badRequest, "A part of the form is not UTF-8.")
        }
        return text
    }
}
