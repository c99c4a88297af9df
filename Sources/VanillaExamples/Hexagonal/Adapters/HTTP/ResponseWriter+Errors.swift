// SPDX-License-Identifier: MIT

import HexagonalApplication
import Vanilla
import VanillaJSON

extension ResponseWriter {
    /// What the application refused, in the words of HTTP.
    mutating func refuse(_ error: ApplicationError) throws(ResponseError) {
        switch error {
        case .invalid(let problems):
            try refuse(
                .unprocessableContent, "Some fields are not valid.",
                problems: problems.map(ProblemBody.init))
        case .nameTaken:
            try refuse(
                .conflict, "There is a user of that name.",
                problems: [ProblemBody(field: "name", reason: "is taken")])
        case .wrongCredentials:
            // RFC 9110, section 15.5.2: a 401 says how. This is a form, for which there is no
            // scheme.
            headers.add(.wwwAuthenticate, "Form realm=\"hexagonal\"")
            try refuse(.unauthorized, "Wrong name or password.")
        case .busy:
            headers.add(.retryAfter, "1")
            try refuse(.serviceUnavailable, "Too busy at the moment.")
        }
    }

    private mutating func refuse(
        _ status: Status, _ error: String, problems: [ProblemBody]? = nil
    ) throws(ResponseError) {
        try sendJSON(ErrorBody(error: error, problems: problems), status: status)
    }
}
