// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import VanillaTLS

@Suite struct ClientCertificateTests {
    /// Made by openssl, without its key.
    private static let certificate = ClientCertificate(
        der: Array(Data(base64Encoded: encoded.joined())!))

    private static let encoded = [
        "MIIBvzCCAWagAwIBAgIUQ/vg2R4dHDhXW+M+KskBr0m8PE0wCgYIKoZIzj0EAwIwIzEQMA4GA1UECgwH",
        "RXhhbXBsZTEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEzMDIwNTI1NVoYDzIxMjYxMTA2MjA1MjU1WjAj",
        "MRAwDgYDVQQKDAdFeGFtcGxlMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC",
        "AATXPGdilF8k6Sh5+M6lTPdJ3Yvgh20PiN4YMcZ1fIBn9Fvxoyb4UTm6YQ7rA8/VAcM3a+bf5gKSaZZ9",
        "L1gZYHW3o3YwdDAdBgNVHQ4EFgQUNNXGKilpczNh2vL/03r/zTdmUhAwHwYDVR0jBBgwFoAUNNXGKilp",
        "czNh2vL/03r/zTdmUhAwDwYDVR0TAQH/BAUwAwEB/zAhBgNVHREEGjAYgglhLmV4YW1wbGWBC2FAYi5l",
        "eGFtcGxlMAoGCCqGSM49BAMCA0cAMEQCIERonyt9KtHsMOTP1v+UwwbZoq3+UeLBlOYHWuvoadC6AiBU",
        "uzdJSEd4Zanz+Jt39if3xCrYxWEWwF6pZrqymcOeyA==",
    ]

    @Test func saysWhoItIsAbout() {
        let certificate = Self.certificate
        #expect(certificate.subject == "CN=client,O=Example")
        #expect(certificate.alternativeNames == ["DNS:a.example", "email:a@b.example"])
        let digits = certificate.fingerprint.map { String(format: "%02x", $0) }.joined()
        #expect(digits == "170aab77337c5f1ac8ffb5ec3e80434694dce563fd429acd1aedce2744f90d52")
    }

    @Test func saysNothingOfWhatIsNone() {
        let certificate = ClientCertificate(der: [1, 2, 3])
        #expect(certificate.subject.isEmpty && certificate.alternativeNames.isEmpty)
    }
}
