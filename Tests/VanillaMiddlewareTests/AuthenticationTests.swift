// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaMiddleware
import VanillaTestSupport

private struct User { let name: String }

@Suite struct AuthenticationTests {
    private func server() throws -> Server {
        let router = try Router { routes in
            routes.group("/basic") { group in
                group.use(
                    Authentication.basic(realm: "the \"admin\"") { credentials -> User? in
                        isEqualInConstantTime(credentials.password, "pass:wörd")
                            ? User(name: credentials.name) : nil
                    })
                group.get("") { request, response in
                    response.send(try request.storage.require(User.self).name)
                }
            }
            routes.group("/bearer") { group in
                group.use(
                    Authentication.bearer(realm: "api") { token -> User? in
                        token == "t0ken" ? User(name: "robot") : nil
                    })
                group.get("") { request, response in
                    response.send(try request.storage.require(User.self).name)
                }
            }
        }
        return try Server(configuration: local(), router: router)
    }

    @Test(arguments: [
        ("Basic QWRhOnBhc3M6d8O2cmQ=", 200),  // Ada:pass:wörd
        ("bASIC   QWRhOnBhc3M6d8O2cmQ=", 200), ("Basic OnBhc3M6d8O2cmQ=", 200),
        ("Basic QWRhOnBhc3M6d8O2cm", 401), ("Basic QWRhOnBhc3M6d8O2cmR=", 401),
        ("Basic QWRhOnBhc3M=", 401), ("Basic QWRh", 401), ("Basic =", 401), ("Basic", 401),
        ("Basic ", 401), ("Basic QWRhOnBhc3M6d8O2c mQ=", 401), ("Bearer t0ken", 401),
        ("Basic QWRhOv8=", 401), ("Basic QQ==QQ==", 401),
    ])
    func asksForANameAndAPassword(value: String, status: Int) throws {
        let answer = try server().answer(get("/basic", fields: "Authorization: \(value)"))
        #expect(answer.status == status)
        #expect(status == 401 || answer.text == (value.contains(" On") ? "" : "Ada"))
        let challenge = "Basic realm=\"the \\\"admin\\\"\", charset=\"UTF-8\""
        #expect(answer["WWW-Authenticate"] == (status == 401 ? challenge : nil))
    }

    @Test func asksForAToken() throws {
        let server = try server()
        let known = server.answer(get("/bearer", fields: "Authorization: BEARER t0ken"))
        #expect(known.status == 200 && known.text == "robot")
        #expect(server.answer(get("/bearer"))["WWW-Authenticate"] == "Bearer realm=\"api\"")
        let wrong = server.answer(get("/bearer", fields: "Authorization: Bearer other"))
        #expect(wrong.status == 401)
        #expect(wrong["WWW-Authenticate"] == "Bearer realm=\"api\", error=\"invalid_token\"")
    }

    @Test func comparesWholeTexts() {
        #expect(isEqualInConstantTime("", "") && isEqualInConstantTime("wörd", "wörd"))
        for (given, expected) in [
            ("", "a"), ("a", ""), ("a", "b"), ("ab", "a"), ("a", "ab"), ("abab", "ab"),
            ("ab", "abab"),
        ] {
            #expect(!isEqualInConstantTime(given, expected))
        }
    }
}
