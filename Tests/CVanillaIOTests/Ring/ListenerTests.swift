// SPDX-License-Identifier: MIT
// Listening sockets: addresses, ports shared and refused, paths of local sockets.

import CVanillaIOChecks
import Testing

private func failure(_ message: UnsafePointer<CChar>?) -> String? {
    message.map { String(cString: $0) }
}

@Suite struct ListenerTests {
    @Test(
        arguments: [
            ("127.0.0.1", 4), ("0.0.0.0", 4), ("::1", 6), ("[::1]", 6), ("::", 6), ("[::]", 6),
            ("2001:db8::7", 6), ("::ffff:127.0.0.1", 6),
        ] as [(String, Int32)])
    func parsesNumericAddresses(_ host: String, _ family: Int32) {
        #expect(failure(vn_check_parses(host, family)) == nil)
    }

    @Test(
        arguments: [
            "", "localhost", "127.1", "127.0.0.1:80", "256.0.0.1", "[127.0.0.1]", "[::1", "::1]",
            "[]", "::1%", "127.0.0.1%lo",
            "1:2:3:4:5:6:7:8:9", String(repeating: "1:", count: 100),
        ])
    func refusesWhatIsNoAddress(_ host: String) {
        #expect(failure(vn_check_parses(host, 0)) == nil)
    }

    @Test(
        arguments: [
            "localhost", "a", "a.b", "a.b.", "7a", "a-b_c.example", "5f2a", "0xg", "7.a",
            String(repeating: "a.", count: 126) + "a",
        ])
    func takesNames(_ name: String) {
        #expect(failure(vn_check_host_name(name, true)) == nil)
    }

    @Test(
        arguments: [
            "", ".", "a..b", ".a", "a b", "a:80", "a/b", "\u{E4}", "1.2.3", "7", "a.7", "a.0x7f",
            "a.0x", "[a]", "a\n", String(repeating: "a.", count: 126) + "aa",
        ])
    func refusesWhatIsNoName(_ text: String) {
        #expect(failure(vn_check_host_name(text, false)) == nil)
    }

    @Test func findsTheAddressOfAName() {
        #expect(failure(vn_check_resolves()) == nil)
    }

    @Test func takesAnInterfaceWithAnAddressOfOneLink() {
        #expect(failure(vn_check_parses_zones()) == nil)
    }

    @Test func listensOnAnAbstractName() {
        #expect(failure(vn_check_listens_on_an_abstract_name()) == nil)
    }

    @Test func takesNoHostForEveryAddress() {
        #expect(failure(vn_check_parses(nil, 6)) == nil)
    }

    @Test func refusesEmptyAndOverlongPaths() {
        #expect(failure(vn_check_parses_paths()) == nil)
    }

    @Test(arguments: ["127.0.0.1", nil])
    func sharesAPortAmongItsOwnSocketsOnly(_ host: String?) {
        #expect(failure(vn_check_shares_a_port(host)) == nil)
    }

    @Test(arguments: [false, true])
    func findsAForeignServerOnItsPort(thatReusesPorts: Bool) {
        #expect(failure(vn_check_finds_a_foreign_server(thatReusesPorts)) == nil)
    }

    @Test func servesIPv4AndIPv6OverOneSocket() {
        #expect(failure(vn_check_serves_both_families()) == nil)
    }

    @Test func refusesAnAddressOfAnotherMachine() {
        #expect(failure(vn_check_refuses_a_foreign_address()) == nil)
    }

    @Test func setsTheOptionsThatConnectionsInherit() {
        #expect(failure(vn_check_sets_options()) == nil)
    }

    @Test func listensWhereTheSystemDoesNotLimitWhatIsUnsent() {
        #expect(failure(vn_check_listens_without_unsent_limit()) == nil)
    }

    @Test func replacesASocketFileThatNobodyListensOn() {
        #expect(failure(vn_check_replaces_a_stale_path()) == nil)
    }

    @Test func refusesASocketFileThatSomebodyListensOn() {
        #expect(failure(vn_check_refuses_a_live_path()) == nil)
    }

    @Test func doesNotTouchAFileThatIsNoSocket() {
        #expect(failure(vn_check_refuses_a_path_to_a_file()) == nil)
    }

    @Test(arguments: [0o600, 0o660, 0o666, 0o777] as [UInt32])
    func givesASocketFileItsModeWhateverTheUmask(_ mode: UInt32) {
        #expect(failure(vn_check_sets_the_mode(mode)) == nil)
    }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"), (nil, "127.0.0.1", "127.0.0.1"),
            (nil, "::1", "::1"),
            (nil, "", ""),
        ] as [(String?, String, String)])
    func namesThePeer(_ listening: String?, _ connecting: String, _ name: String) {
        #expect(failure(vn_check_names_the_peer(listening, connecting, name)) == nil)
    }

    @Test func seesInputAndFinishesOutput() {
        #expect(failure(vn_check_sees_input_and_finishes()) == nil)
    }

    @Test func dropsOutputThatIsAbandoned() {
        #expect(failure(vn_check_abandons_output()) == nil)
    }
}
