import Testing

@testable import Core

@Suite struct ValueTypeTests {
    private func accepts<Value: Equatable>(_ type: ValueType<Value>, _ cases: [(String, Value)]) {
        for (text, value) in cases {
            #expect((try? type.value(text)) == value, "\(text)")
            #expect((try? type.value("  \(text)\n")) == value, "white space around \(text)")
        }
        #expect((try? type.value(type.example)) != nil, "the example of \(type.name)")
        #expect(!type.expected.isEmpty && !type.name.isEmpty)
    }

    private func refuses<Value>(_ type: ValueType<Value>, _ texts: [String]) {
        for text in texts {
            #expect(throws: ValueError.self, "\(type.name): \(text.quotedForPeople)") { try type.value(text) }
        }
    }

    @Test func `A bool is true or false in the usual spellings`() {
        accepts(.bool, [("true", true), ("TRUE", true), ("on", true), ("1", true), ("t", true), ("enabled", true)])
        accepts(.bool, [("false", false), ("False", false), ("off", false), ("0", false), ("f", false), ("disabled", false)])
        refuses(.bool, ["", " ", "yes", "no", "2", "truee", "true false", "tru", "\"true\"", "true\u{0}"])
    }

    @Test func `A whole number is digits within its range`() {
        accepts(.integer(1...10), [("1", 1), ("10", 10), ("007", 7)])
        refuses(.integer(1...10), ["", "0", "11", "-1", "+1", "1.0", "1e1", "0x1", "1 2", "ten", "٣", "99999999999999999999"])
        accepts(.integer(0...Int.max), [("0", 0), ("9223372036854775807", Int.max)])
        refuses(.integer(0...Int.max), ["9223372036854775808"])
        accepts(.port, [("1", 1), ("65535", 65_535)])
        refuses(.port, ["0", "65536", "http"])
        accepts(.statusCode, [("200", 200), ("599", 599)])
        refuses(.statusCode, ["199", "600", "ok"])
    }

    @Test func `A size counts in units of 1024`() {
        accepts(.size, [("1", 1), ("100k", 102_400), ("100K", 102_400), ("2m", 2_097_152), ("2047M", 2_146_435_072)])
        refuses(.size, ["", "0", "k", "1g", "1kb", "-1k", "1.5k", "2048m", "9999999999999999m", "1 k", "0k"])
    }

    @Test func `A duration is a whole number with a unit, milliseconds without one`() {
        accepts(
            .duration,
            [
                ("0", .zero), ("5", .milliseconds(5)), ("5us", .microseconds(5)), ("5ms", .milliseconds(5)),
                ("5s", .seconds(5)), ("5m", .seconds(300)), ("5h", .seconds(18_000)), ("5d", .seconds(432_000)),
                ("24d", .seconds(2_073_600)), ("2147483647", .milliseconds(2_147_483_647)),
            ])
        refuses(
            .duration,
            [
                "", "s", "5 s", "5S", "5sec", "-5s", "+5s", "5.5s", "5s5s", "1w", "25d", "2147483648", "5s\nx", "٥s",
                "9999999999999999999s", "9223372036854775807d",
            ])
        accepts(.duration(atLeast: .seconds(1)), [("1s", .seconds(1)), ("1000", .seconds(1))])
        refuses(.duration(atLeast: .seconds(1)), ["999ms", "0"])
    }

    @Test func `A line is any text without control characters`() {
        accepts(.line, [("Members only", "Members only"), ("ü '\"\\#%", "ü '\"\\#%")])
        refuses(.line, ["", " ", "a\nb", "a\rb", "a\tb", "a\u{0}", "a\u{7f}b"])
    }

    @Test func `A choice is one of its words as they are written`() {
        accepts(.choice("one", "two"), [("one", "one"), ("two", "two")])
        refuses(.choice("one", "two"), ["", "One", "three", "one two", "one,two"])
        #expect(ValueType.choice("one", "two", "three").expected == "one, two or three")
        #expect(ValueType.choice("one").expected == "one")
    }

    @Test func `A header name is made of letters, digits, hyphens, underscores and dots`() {
        accepts(.headerName, [("X-Real-IP", "X-Real-IP"), ("a", "a"), ("x_y.z1", "x_y.z1")])
        refuses(.headerName, ["", "X Y", "X:", "X\"", "ü", "X%Y", "(X)", "X\u{0}", String(repeating: "x", count: 129)])
    }

    @Test func `Header lines are a name and a value each`() {
        typealias Header = HeaderAssignment
        accepts(
            .headerLines,
            [
                ("A b", [Header(name: "A", value: "b")]), ("A  \"b c\"", [Header(name: "A", value: "b c")]),
                ("A 'b'\n\nB it's", [Header(name: "A", value: "b"), Header(name: "B", value: "it's")]),
            ])
        refuses(.headerLines, ["", "A", "A: b\u{0}", "A ''", "A: b", "A b\nB", "A b\tc", "ü x"])
    }

    @Test func `Networks are separated by commas or white space`() throws {
        let ten = try #require(IPNetwork("10.0.0.0/8"))
        let six = try #require(IPNetwork("2001:db8::1"))
        accepts(
            .networks,
            [("10.0.0.0/8", [ten]), ("10.0.0.0/8,2001:db8::1", [ten, six]), ("10.0.0.0/8 ,\n 2001:db8::1,", [ten, six])])
        refuses(.networks, ["", ",", "10.0.0.0/8;10.1.1.1", "10.0.0.0/8,localhost", "10.0.0/8"])
        accepts(.addresses, [("10.0.0.0/8", .networks([ten])), ("patterns/office", .patternFile("office"))])
        refuses(.addresses, ["patterns/", "patterns/../x", "patterns/.x", "patterns/a/b", "patterns/a b", "pattern/a", ""])
    }

    @Test func `A Secret is named alone or with its namespace`() {
        accepts(.secret, [("a", SecretReference(name: "a")), ("b/a.c-1", SecretReference(namespace: "b", name: "a.c-1"))])
        refuses(.secret, ["", "/", "a/", "/a", "a/b/c", "A", "a_b", "-a", "a-", "a..b", "../a", "a b", "ä"])
        refuses(.secret, [String(repeating: "a", count: 254)])
    }

    @Test(
        arguments: [
            ("example.com", "example.com", nil), ("example.com:8443", "example.com", 8443), ("192.0.2.1:80", "192.0.2.1", 80),
            ("[2001:db8::1]:80", "[2001:db8::1]", 80), ("[::1]", "[::1]", nil), ("localhost", "localhost", nil),
        ] as [(String, String, Int?)])
    func `A host has a port or none`(_ text: String, _ host: String, _ port: Int?) throws {
        let value = try #require(HostAndPort(text))
        #expect(value.host == host && value.port == port)
        #expect(value.description == text)
    }

    @Test func `What is not a host is refused`() {
        refuses(
            .hostAndPort,
            [
                "", ":80", "80", "a:", "a:0", "a:65536", "a:b", "a:80:80", "a b", "[10.0.0.1]", "[::1", "::1", "a/b", "a_b", "ü",
                "a:٨", "http://a", "a:+80",
            ])
    }

    @Test func `Described types accept the same and say it in other words`() throws {
        let type = ValueType<Int>.port.described(expected: "a door", example: "443")
        #expect(type.expected == "a door" && type.example == "443" && type.name == ValueType<Int>.port.name)
        #expect(try type.value("443") == 443)
        refuses(type, ["0"])
    }
}
