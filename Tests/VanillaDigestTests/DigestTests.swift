// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaDigest

@Suite struct DigestTests {
    /// The test suites of RFC 1321, appendix A.5, and of FIPS 180-2, and the tag of the first
    /// example.
    @Test(arguments: [
        ("1", "c4ca4238a0b923820dcc509a6f75849b"), ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
    ])
    func tagsByMD5(text: String, digest: String) throws {
        let tag = ETag(md5: text)
        #expect(tag.description == "\"\(digest)\"")
        #expect(tag == ETag(md5: Array(text.utf8)))
        #expect(tag == ETag(md5: Array(text.utf8).span))
        #expect(tag == ETag(md5: Bytes(Array(text.utf8).span)))
        #expect(ETag(md5: text, isWeak: true).description == "W/\"\(digest)\"")
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func tagsBySHA256(text: String, digest: String) throws {
        let tag = ETag(sha256: text)
        #expect(tag.description == "\"\(digest)\"" && tag.count == ETag.maximumCount)
        #expect(tag == ETag(sha256: Array(text.utf8)))
        #expect(tag == ETag(sha256: Array(text.utf8).span))
        #expect(tag == ETag(sha256: Bytes(Array(text.utf8).span)))
        #expect(ETag(sha256: text, isWeak: true).isWeak)
    }

    /// `curl -H "If-None-Match: c4ca4238a0b923820dcc509a6f75849b"`, as people type it.
    @Test func knowsATagWithoutQuotes() throws {
        let server = try Server { request, response in
            response.send("1", etag: ETag(md5: "1"))
        }
        let fields = "Host: a\r\nIf-None-Match: c4ca4238a0b923820dcc509a6f75849b\r\n"
        let answer = server.handle(Array("GET /user/1 HTTP/1.1\r\n\(fields)\r\n".utf8))
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 304 "))
    }
}
