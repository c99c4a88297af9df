// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The methods of a router's routes, each as a bit: the methods that the core knows by their
/// number, others after them.
struct RouteMethods {
    /// Methods that the core does not know, in the order of their bits.
    private var others: [String] = []

    static var get: Int { VN_METHOD_GET }
    static var head: Int { VN_METHOD_HEAD }
    static var options: Int { VN_METHOD_OPTIONS }

    /// VN_METHOD_OTHER is below the known ones.
    private static var firstOther: Int { Method.knownNames.count + 1 }

    /// How many other methods there is a bit for.
    static var maximumOtherCount: Int { UInt64.bitWidth - firstOther }

    /// The bit of a method, which gets one where it has none; `nil` when there are no more.
    mutating func bit(of method: Method) -> Int? {
        if let number = method.knownNumber { return number }
        let name = method.description
        if let index = others.firstIndex(of: name) { return RouteMethods.firstOther + index }
        guard others.count < RouteMethods.maximumOtherCount else { return nil }
        others.append(name)
        return RouteMethods.firstOther + others.count - 1
    }

    /// The set that holds the request's method alone; empty where no route has the method.
    @inline(__always)
    func set(of request: Request) -> UInt64 {
        let number = unsafe Int(request.pointer.pointee.method_id)
        return number == VN_METHOD_OTHER ? setOfOther(request.methodName) : 1 &<< UInt64(number)
    }

    @inline(never)
    private func setOfOther(_ name: Bytes) -> UInt64 {
        for index in others.indices where name == others[index] {
            return 1 << UInt64(RouteMethods.firstOther + index)
        }
        return 0
    }

    /// The names of a set as a field's value, in alphabetical order.
    func list(_ set: UInt64) -> String {
        var names: [String] = []
        for bit in 1..<UInt64.bitWidth where set & 1 << UInt64(bit) != 0 {
            names.append(
                bit < RouteMethods.firstOther
                    ? Method.knownNames[bit - 1]
                    : others[bit - RouteMethods.firstOther])
        }
        return names.sorted().joined(separator: ", ")
    }
}
