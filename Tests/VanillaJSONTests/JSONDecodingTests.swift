// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaJSON

/// The decoder itself: what `JSONDecoder` gives is right here, too.
@Suite struct JSONDecodingTests {
    private func decode<Value: Decodable>(
        _ text: String, as type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumNesting: Int = 32
    ) throws -> Value {
        try Bytes(Array(text.utf8).span).decodeJSON(
            type, with: decoder, maximumNesting: maximumNesting)
    }

    // MARK: - As JSONDecoder

    private struct Everything: Codable, Equatable {
        var flag = true
        var int8 = Int8.min
        var int16 = Int16.max
        var int32 = Int32.min
        var int64 = Int64.max
        var uint = UInt.max
        var uint8 = UInt8.max
        var uint16 = UInt16.max
        var uint32 = UInt32.max
        var float = Float(1.25)
        var double = -0.1
        var text = "a\"\\/\u{8}\u{C}\n\r\t\u{0}é€😀\u{2028}"
        var nothing: Int?
        var optional: String? = ""
        var list: [Int?] = [1, nil, 3]
        var lists: [[Bool]] = [[], [true, false]]
        var byName: [String: [String]] = ["": [], "ä\\": ["x"]]
        var byNumber: [Int: Int] = [-1: 1, 2: 2]
        var date = Date(timeIntervalSinceReferenceDate: 0.5)
        var data = Data([0, 255, 7])
        var url = URL(string: "https://example.com/a?b=c")
        var decimal = Decimal(string: "123456789.123456789")
        var kind = Kind.two
        var choice = Choice.named(count: 3)
        var set: Set<String> = ["one"]

        enum Kind: String, Codable {
            case one, two
        }

        enum Choice: Codable, Equatable {
            case named(count: Int)
            case bare
        }
    }

    @Test(arguments: [JSONEncoder.OutputFormatting(), .prettyPrinted, .sortedKeys])
    func decodesWhatFoundationEncodes(format: JSONEncoder.OutputFormatting) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        let text = String(decoding: try encoder.encode(Everything()), as: UTF8.self)
        #expect(try decode(text) == Everything())
    }

    @Test(arguments: [
        #""\u00e9\u20AC\uD83D\ude00\u0000\b\f\n\r\t\/\\\"""#, #""""#, #""é€😀\u0041""#,
    ])
    func decodesEscapesAsFoundationDoes(text: String) throws {
        let expected = try JSONDecoder().decode(String.self, from: Data(text.utf8))
        #expect(try decode(text) == expected)
        #expect(try decode(text, as: JSON.self) == .string(expected))
    }

    /// The first member of a name counts, however many there are.
    @Test(arguments: [0, 20])
    func takesTheFirstMemberOfAName(others: Int) throws {
        let more = (0..<others).map { ",\"k\($0)\":0" }.joined()
        let text = #"{"\u0061":1,"a":2\#(more)}"#
        #expect(try decode(text, as: [String: Int].self)["a"] == 1)
        #expect(try decode(text, as: JSON.self)["a"]?.number?.int == 1)
        struct One: Decodable {
            let a: Int
        }
        #expect(try decode(text, as: One.self).a == 1)
    }

    private struct Nested: Decodable {
        let numbers: [Int]
        let tail: String

        enum Keys: String, CodingKey {
            case outer, list, numbers
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            let outer = try container.nestedContainer(keyedBy: Keys.self, forKey: .outer)
            var list = try outer.nestedUnkeyedContainer(forKey: .list)
            #expect(list.count == 4 && !list.isAtEnd)
            var inner = try list.nestedUnkeyedContainer()
            var numbers: [Int] = []
            while !inner.isAtEnd { numbers.append(try inner.decode(Int.self)) }
            numbers.append(
                try list.nestedContainer(keyedBy: Keys.self).decode(Int.self, forKey: .numbers))
            #expect(try list.decodeNil() && !list.decodeNil() && list.currentIndex == 3)
            // What cannot be decoded is not taken.
            #expect(throws: DecodingError.self) { try list.decode(Int.self) }
            tail = try list.superDecoder().singleValueContainer().decode(String.self)
            #expect(throws: DecodingError.self) { try list.decode(Int.self) }
            #expect(throws: DecodingError.self) { _ = try list.decodeNil() }
            #expect(list.isAtEnd)
            self.numbers = numbers
        }
    }

    @Test func hasNestedContainers() throws {
        let nested = try decode(
            #"{"outer":{"list":[[1,2],{"numbers":3},null,"end"]}}"#, as: Nested.self)
        #expect(nested.numbers == [1, 2, 3] && nested.tail == "end")
    }

    private class Base: Decodable {
        let name: String
    }

    private final class Derived: Base {
        let count: Int

        enum Keys: CodingKey {
            case count
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            count = try container.decode(Int.self, forKey: .count)
            try super.init(from: container.superDecoder())
        }
    }

    @Test func decodesASuperclass() throws {
        let value = try decode(#"{"count":1,"super":{"name":"a"}}"#, as: Derived.self)
        #expect(value.count == 1 && value.name == "a")
        let error = #expect(throws: RequestError.self) {
            try decode(#"{"count":1,"super":{"name":2}}"#, as: Derived.self)
        }
        #expect(error?.message == "super.name must be a string.")
    }

    // MARK: - Options of the user

    @Test(arguments: [
        "a", "a_b", "one_two_three", "_a_b", "a_b_", "__a__b__", "_", "__", "aB_cD", "HTTP_URL",
        "a1_2b", "a_2b3c", "a_b-c", "a_it's", "a_ßx", "a_ǆx", "X_YZ", "", "é_ö", "already",
    ])
    func convertsNamesAsFoundationDoes(name: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        struct Names: Decodable {
            let names: [String]

            init(from decoder: any Decoder) throws {
                names = try decoder.container(keyedBy: PlainKey.self).allKeys.map(\.stringValue)
            }
        }
        let text = "{\"\(name)\":1}"
        let expected = try decoder.decode(Names.self, from: Data(text.utf8)).names
        #expect(try decode(text, as: Names.self, with: decoder).names == expected)
    }

    @Test func convertsNamesByAFunction() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            PlainKey.name(path.map(\.stringValue).joined(separator: "/"))
        }
        struct Outer: Decodable {
            let all: [String: Int]
        }
        #expect(
            try decode(#"{"all":{"b":1}}"#, as: Outer.self, with: decoder).all == ["all/b": 1])
    }

    private struct Moments: Decodable {
        let date: Date
        let data: [Data]
        let number: Double
    }

    @Test func asksTheDecoderOfTheUser() throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            guard decoder.userInfo.count == 1 else { throw CancellationError() }
            let parts = try decoder.singleValueContainer().decode([Double].self)
            return Date(timeIntervalSince1970: parts.reduce(0, +))
        }
        decoder.userInfo[CodingUserInfoKey(rawValue: "a")!] = 1
        decoder.dataDecodingStrategy = .deferredToData
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = #"{"date":[1, 2 ],"data":[[1],[]],"number":"-inf"}"#
        let moments = try decode(text, as: Moments.self, with: decoder)
        #expect(moments.date == Date(timeIntervalSince1970: 3))
        #expect(moments.data == [Data([1]), Data()] && moments.number == -.infinity)

        let error = #expect(throws: RequestError.self) {
            try decode(#"{"date":[1,"x"]}"#, as: Moments.self, with: decoder)
        }
        #expect(error?.message == "date[1] must be a number.")
    }

    // MARK: - What it may cost

    /// A type that tries two decodings, in each of which it does the same: 2^32 of one text.
    private struct Twofold: Decodable {
        init(from decoder: any Decoder) throws {
            for _ in 0..<2 {
                guard var values = try? decoder.unkeyedContainer() else { continue }
                if (try? values.decode(Twofold.self)) != nil { return }
            }
            _ = try decoder.singleValueContainer().decode(Bool.self)
        }
    }

    @Test func endsATypeThatTriesWithoutEnd() throws {
        let text = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        let error = #expect(throws: RequestError.self) { try decode(text, as: Twofold.self) }
        #expect(error?.status == .unprocessableContent)
        #expect(error?.message == "The body takes too many attempts to decode.")
        #expect(throws: RequestError.self) { try decode(text, as: [Twofold].self) }
    }

    /// Also where the type goes on with what it has.
    @Test func tellsOfATypeThatGaveUp() throws {
        struct Patient: Decodable {
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                while (try? container.decode(Int.self)) != nil {}
            }
        }
        let error = #expect(throws: RequestError.self) { try decode("1", as: Patient.self) }
        #expect(error?.message == "The body takes too many attempts to decode.")
    }

    /// The usual enumeration of one's own for any JSON.
    private enum OwnJSON: Decodable {
        case value
        case array([OwnJSON])
        case object([String: OwnJSON])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .value
            } else if (try? container.decode(Bool.self)) != nil {
                self = .value
            } else if (try? container.decode(Int.self)) != nil {
                self = .value
            } else if (try? container.decode(Double.self)) != nil {
                self = .value
            } else if (try? container.decode(String.self)) != nil {
                self = .value
            } else if let array = try? container.decode([OwnJSON].self) {
                self = .array(array)
            } else {
                self = .object(try container.decode([String: OwnJSON].self))
            }
        }
    }

    /// Each kind of value is within what there is for one, however many there are.
    @Test(arguments: [("1.5", 1), ("\"\"", 1), ("[]", 1), ("{}", 1), ("[", 31), ("{\"a\":", 31)])
    func decodesAnyJSONOfOnesOwn(opening: String, depth: Int) throws {
        let part =
            depth == 1
            ? opening
            : String(repeating: opening, count: depth) + "null"
                + String(repeating: opening == "[" ? "]" : "}", count: depth)
        let count = 5_000 / depth
        let text = "[" + Array(repeating: part, count: count).joined(separator: ",") + "]"
        guard case .array(let parts) = try decode(text, as: OwnJSON.self) else {
            Issue.record("It is an array.")
            return
        }
        #expect(parts.count == count)
    }

    /// Each name is looked up, and not looked for among all others.
    @Test func decodesALargeObject() throws {
        let members = (0..<50_000).map { "\"\($0)\":\($0)" }.joined(separator: ",")
        let values = try decode("{\(members)}", as: [String: Int].self)
        #expect(values.count == 50_000 && values["49999"] == 49_999)
    }
}
