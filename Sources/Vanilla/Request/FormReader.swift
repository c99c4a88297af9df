// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The parts of a form with files, in the order in which they come, for an asynchronous handler.
///
/// ```swift
/// routes.post("/photos", body: .streamed) { request, response in
///     let form = try request.formParts()
///     while let part = try await form.next() {
///         if part.fileName == nil {
///             print(part.name, try await part.collectText(upTo: 1000))
///         } else {
///             for try await piece in part { ... }
///         }
///     }
///     response.send("Thank you.")
/// }
/// ```
///
/// It belongs to the worker, and is for the handler alone.
@safe
public final class FormReader {
    /// What a form may have.
    public struct Limits: Sendable {
        /// Parts: 1000 unless set.
        public var parts = 1000
        /// Bytes of one part: 64 MiB unless set. `limits.streamedBody` of the server, where it is
        /// set, bounds the whole form.
        public var part = 64 << 20

        /// The defaults.
        public init() {}
    }

    /// Bytes that may follow the last part, which nobody sees.
    private static let maximumEpilogue = 64 << 10

    private let pieces: Request.BodyStream
    private let limits: Limits
    /// Allocated in `init`, and freed with this object.
    private let scanner: UnsafeMutablePointer<vn_multipart>
    private var input: [UInt8] = []
    /// What was found behind bytes that are handed on first.
    private var foundNext: Int32?
    private var used = 0
    private var partCount = 0
    /// Bytes of the current part.
    private var byteCount = 0
    /// The number of the part whose bytes come next; `nil` between parts.
    private var current: Int?
    private var isOver = false

    /// `nil` where the type has no boundary.
    init?(_ pieces: Request.BodyStream, contentType: Bytes, limits: Limits) {
        var boundary = unsafe vn_span()
        let isForm = unsafe contentType.withCSpan { type in
            unsafe vn_multipart_boundary(type, &boundary)
        }
        guard isForm else { return nil }
        self.pieces = pieces
        self.limits = limits
        unsafe scanner = .allocate(capacity: 1)
        // A range of the content type, which is lent for this call.
        unsafe vn_multipart_begin(scanner, boundary)
    }

    deinit {
        unsafe scanner.deallocate()
    }
}

extension FormReader: FormPartSource {
    /// The next part; `nil` after the last. What was not taken of the part before is thrown away.
    ///
    /// - Throws: ``RequestError``: 400 for what is no form, or ends before it is complete, 413 for
    ///   too many parts or bytes, 431 for a head of a part of more than 8 KiB. As
    ///   ``Request/bodyStream`` otherwise.
    nonisolated(nonsending) public func next() async throws -> FormPart? {
        while !isOver {
            switch try await step() {
            case .part(let part): return part
            case .data, .partEnd: continue
            case .end: isOver = true
            }
        }
        // What follows is to come, so that the answer may leave.
        var count = 0
        while let piece = try await pieces.next() {
            count += piece.count
            if count > Self.maximumEpilogue {
                throw RequestError(.contentTooLarge, "Too much follows the form.")
            }
        }
        return nil
    }

    fileprivate enum Step {
        case part(FormPart)
        case data([UInt8])
        case partEnd
        case end
    }

    nonisolated(nonsending) func nextPiece(of number: Int) async throws -> [UInt8]? {
        guard current == number else { return nil }
        switch try await step() {
        case .data(let bytes): return bytes
        case .part, .partEnd, .end: return nil
        }
    }

    nonisolated(nonsending) private func step() async throws -> Step {
        while true {
            if let step = try takeStep() { return step }
            guard let piece = try await pieces.next() else {
                throw RequestError(.badRequest, "The form ends before it is complete.")
            }
            input = piece
            used = 0
        }
    }

    /// `nil` where more has to come.
    private func takeStep() throws(RequestError) -> Step? {
        var found: Int32 = 0
        var data: [UInt8] = []
        if let next = foundNext.take() {
            found = next
        } else {
            found = scan(into: &data)
        }
        if !data.isEmpty {
            foundNext = Int(found) == VN_MULTIPART_MORE ? nil : found
            found = Int32(VN_MULTIPART_DATA)
        }
        switch Int(found) {
        case VN_MULTIPART_MORE: return nil
        case VN_MULTIPART_PART: return .part(try begin())
        case VN_MULTIPART_DATA:
            byteCount += data.count
            guard byteCount <= limits.part else {
                throw RequestError(
                    .contentTooLarge, "A part of the form has more than \(limits.part) bytes.")
            }
            return .data(data)
        case VN_MULTIPART_PART_END:
            current = nil
            return .partEnd
        case VN_MULTIPART_END: return .end
        case -431:
            throw RequestError(
                .requestHeaderFieldsTooLarge, "The head of a part of the form is too large.")
        default: throw RequestError(.badRequest, "The body is no form.")
        }
    }

    /// Takes data as far as it goes, and what comes behind it. The scanner breaks off at each CR:
    /// it is one piece all the same.
    private func scan(into data: inout [UInt8]) -> Int32 {
        unsafe input.withUnsafeBufferPointer { input in
            var found: Int32 = 0
            var rest = unsafe vn_span()
            if let start = input.baseAddress {
                unsafe rest = vn_span(bytes: start + used, count: input.count - used)
            }
            repeat {
                var bytes = unsafe vn_span()
                unsafe found = vn_multipart_next(scanner, &rest, &bytes)
                if Int(found) == VN_MULTIPART_DATA {
                    unsafe data.append(
                        contentsOf: UnsafeBufferPointer(start: bytes.bytes, count: bytes.count))
                }
            } while Int(found) == VN_MULTIPART_DATA
            unsafe used = input.count - rest.count
            return found
        }
    }

    private func begin() throws(RequestError) -> FormPart {
        partCount += 1
        byteCount = 0
        current = partCount
        guard partCount <= limits.parts else {
            throw RequestError(
                .contentTooLarge, "The form has more than \(limits.parts) parts.")
        }
        let part = unsafe scanner.pointee
        return unsafe FormPart(
            name: String(Bytes(lent: part.name)),
            fileName: part.file_name.bytes == nil ? nil : String(Bytes(lent: part.file_name)),
            contentType: part.content_type.bytes == nil
                ? nil : String(Bytes(lent: part.content_type)),
            of: self, number: partCount)
    }
}
