// SPDX-License-Identifier: MIT

import Foundation
import VanillaTestSupport

extension Answer {
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }
}
