import Testing

@testable import Core

@Suite struct DirectiveTests {
    @Test(arguments: [
        ("plain", "plain"), ("/a/b.html", "/a/b.html"), ("", "''"), ("two words", "'two words'"), ("a#b", "'a#b'"),
        ("a\\b", "'a\\b'"), ("it's", "'it'\\''s'"), ("\"", "'\"'"), ("$HOME", "'$HOME'"), ("{}", "'{}'"), ("a;b", "'a;b'"),
        ("ü", "'ü'"), ("'", "''\\'''"),
    ]) func `An interpolated value is one argument`(_ value: String, _ argument: String) {
        let line: Directive = "set \(value) end"
        #expect(line.text == "set \(argument) end")
        #expect(line.unrepresentable == nil)
    }

    @Test(arguments: ["'", "%"])
    func `An accent after a special character does not hide it`(_ special: String) {
        let quoted: Directive = "set \(literal: "a\(special)\u{301} b")"
        let expected = special == "'" ? "set 'a'\\''\u{301} b'" : "set 'a%%\u{301} b'"
        #expect(Array(quoted.text.utf8) == Array(expected.utf8))
    }

    @Test(arguments: [("100%", "100%%"), ("%[src]", "%%[src]"), ("%%", "%%%%"), ("50% off", "'50%% off'")])
    func `Text for a log-format string is shown as it is`(_ value: String, _ argument: String) {
        let line: Directive = "set-header X \(literal: value)"
        #expect(line.text == "set-header X \(argument)")
    }

    @Test(arguments: ["a\nb", "a\rb", "a\u{0}b", "a\tb", "a\u{7f}", "\u{1b}[0m", "a\r\nb"])
    func `A value with control characters is marked as one that no line can carry`(_ value: String) {
        let argument: Directive = "set \(value)"
        let raw: Directive = "set \(raw: value)"
        let literal: Directive = "set \(literal: value)"
        #expect(argument.unrepresentable == value && raw.unrepresentable == value && literal.unrepresentable == value)
        #expect(Directive(raw: value).unrepresentable == value)
    }

    @Test func `Numbers and durations are written as HAProxy reads them`() {
        let line: Directive = "timeout client \(Duration.seconds(90)) maxconn \(5)"
        #expect(line.text == "timeout client 90s maxconn 5")
    }

    @Test func `A line knows the maps that it reads`() {
        let line: Directive = "http-request set-var(txn.a) \(routeValue: "limit") if { src,map(\(map: "other")) -m found }"
        #expect(line.maps == ["limit", "other"])
        #expect(
            line.text
                == """
                http-request set-var(txn.a) var(txn.settings),map_str(maps/limit.map) if { src,map(maps/other.map) -m found }
                """)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.seconds(1), "1s"), (.seconds(59), "59s"), (.seconds(60), "1m"), (.seconds(90), "90s"),
        (.seconds(3600), "1h"), (.seconds(86_400), "1d"), (.seconds(90_000), "25h"), (.milliseconds(1), "1ms"),
        (.milliseconds(1500), "1500ms"), (.milliseconds(60_000), "1m"), (.microseconds(1), "1us"),
        (.microseconds(1_000_001), "1000001us"),
    ]) func `A duration is written in the largest unit that holds it exactly`(_ duration: Duration, _ text: String) {
        #expect(duration.haproxyNotation == text)
    }

    @Test func `A map file is sorted by key, one entry a line`() {
        let map = MapFile(name: "host", entries: ["b.example": "2", "a.example": "1 x", ".c.example": "3"])
        #expect(map.text == ".c.example 3\na.example 1 x\nb.example 2\n")
        #expect(MapFile.path("host") == "maps/host.map")
        #expect(MapFile(name: "empty").text.isEmpty)
    }
}
