// SPDX-License-Identifier: MIT

import Testing
import Vanilla

/// Types whose static members grow have names, an order or an equality that programs can rely on.
@Suite struct GrowingTypesTests {
    @Test func versionsAreInOrder() {
        #expect(Request.Version.http1_0 < .http1_1)
        #expect(Request.Version.http1_1.description == "HTTP/1.1")
        #expect(Request.Version.http1_0.major == 1 && Request.Version.http1_0.minor == 0)
    }

    @Test func backendsHaveNames() {
        #expect(Server.Backend("io_uring") == .ioUring && Server.Backend("epoll") == .epoll)
        #expect(Server.Backend("kqueue") == .kqueue)
        #expect(Server.Backend("kqueue ") == nil && Server.Backend("") == nil)
        #expect(Server.Backend.allCases.map(\.description) == ["io_uring", "epoll", "kqueue"])
    }

    @Test func waysOfKeepingAliveHaveNames() {
        typealias KeepAlive = Server.Configuration.KeepAlive
        #expect(KeepAlive.allCases.map(\.description) == ["rfc", "always", "never"])
        for way in KeepAlive.allCases { #expect(KeepAlive(way.description) == way) }
        #expect(KeepAlive("RFC") == nil)
    }

    @Test func logLevelsAreInOrder() {
        #expect(Server.LogLevel.info < .warning && Server.LogLevel.warning < .error)
        #expect("\(Server.LogLevel.warning)" == "warning")
    }

    @Test func missesHaveStatuses() {
        #expect(Router.Miss.allCases.map(\.status.code) == [404, 405, 204, 400])
    }

    @Test func addressesCanBeRead() {
        typealias Address = Server.Configuration.Address
        #expect(Address.any(port: 1).port == 1 && Address.any(port: 1).host == nil)
        #expect(
            Address.host("::1", port: 2).host == "::1" && Address.host("::1", port: 2).port == 2)
        let socket = Address.unixSocket(path: "/tmp/a", permissions: 0o660)
        #expect(socket.unixSocket?.path == "/tmp/a" && socket.unixSocket?.permissions == 0o660)
        #expect(socket.port == nil && socket.host == nil)
        #expect(Address.host("::1", port: 2) != .any(port: 2))
    }

    @Test func kindsOfErrorsAreToldApartAndNamed() {
        #expect(ServerError.Kind.addressInUse != .addressUnavailable)
        #expect("\(ServerError.Kind.addressInUse)" == "addressInUse")
        #expect("\(ResponseError.Kind.invalidHeader)" == "invalidHeader")
        #expect("\(RouteError.Kind.unknownParameter)" == "unknownParameter")
        #expect("\(EventError.Kind.backlogFull)" == "backlogFull")
    }
}
