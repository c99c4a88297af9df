// SPDX-License-Identifier: MIT

import HexagonalApplication
import Vanilla
import VanillaJSON

extension ResponseWriter {
    /// What the application refused, in the words of HTTP.
    mutating func send(_ error: ApplicationError) throws(VanillaError) {
        switch error {
        case .invalid(let problems):
            try send(
                .unprocessableContent, "Some fields are not valid.",
                problems: problems.map(ProblemBody.init))
        case .nameTaken:
            try send(
                .conflict, "There is a user of that name.",
                problems: [ProblemBody(field: "name", reason: "is taken")])
        case .wrongCredentials:
            // RFC 9110, section 15.5.2: a 401 says how. This is a form, for which there is no scheme.
            addField(.wwwAuthenticate, "Form realm=\"hexagonal\"")
            try send(.unauthorized, "Wrong name or password.")
        case .busy:
            addField(.retryAfter, "1")
            try send(.serviceUnavailable, "Too busy at the moment.")
        }
    }

    private mutating func send(
        _ status: Status, _ error: String, problems: [ProblemBody]? = nil
    ) throws(VanillaError) {
        try send(json: ErrorBody(error: error, problems: problems), status: status, with: encoder)
    }
}
