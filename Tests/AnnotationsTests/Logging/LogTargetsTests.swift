import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct LogTargetsTests {
    func lines(_ value: String?) throws -> [String] {
        let trial = try AnnotationTrial([LogTargets.self], configMap: value.map { ["syslog-server": $0] } ?? [:])
        #expect(trial.findings.isEmpty, "\(trial.findings)")
        return trial.section("global").filter { $0.hasPrefix("log ") }
    }

    @Test func `Without the key the local syslog gets notices`() throws {
        #expect(try lines(nil) == ["log 127.0.0.1:514 local0 notice"])
    }

    @Test(arguments: [
        ("address:10.0.0.5", "log 10.0.0.5:514 local0"),
        ("address:10.0.0.5, port:1514, facility:daemon", "log 10.0.0.5:1514 daemon"),
        (" level:info ,address: 10.0.0.6 ", "log 10.0.0.6:514 local0 info"),
        ("address:LocalHost,level:info", "log 127.0.0.1:514 local0 info"),
        ("address:2001:db8::1,port:99", "log [2001:db8::1]:99 local0"),
        ("address:/dev/log,format:rfc5424,length:2048", "log /dev/log len 2048 format rfc5424 local0"),
        ("address:stdout,level:info", "log stdout format raw local0 info"),
        ("address:stdout,format:timed", "log stdout format timed local0"),
        ("address:10.0.0.5,level:notice", "log 10.0.0.5:514 local0 notice"),
        ("address:10.0.0.5,minlevel:err", "log 10.0.0.5:514 local0 debug err"),
        ("address:10.0.0.5,level:debug,minlevel:err", "log 10.0.0.5:514 local0 debug err"),
    ])
    func `A target is a log line`(_ value: String, _ line: String) throws {
        #expect(try lines(value) == [line])
    }

    @Test(arguments: [
        ("address:10.0.0.5", "", true), ("address:10.0.0.5,level:notice", "", false), ("address:10.0.0.5,level:err", "", false),
        ("address:10.0.0.5,level:info", "", true),
        ("address:10.0.0.5,level:err\naddress:stdout,level:debug", "", true),
        ("address:10.0.0.5,level:err\naddress:stdout", "", true),
        ("address:10.0.0.5,level:notice", "log 10.0.0.6 local0", true), ("address:10.0.0.5,minlevel:err", "", true),
        ("address:10.0.0.5,level:notice", "logasap", false),
        ("address:10.0.0.5,level:notice", "option log-separate-errors", true), ("", "", false),
    ])
    func `Lines of requests are made only where something takes them`(
        _ value: String, _ snippet: String, _ isTaken: Bool
    ) throws {
        let trial = try AnnotationTrial(
            [LogTargets.self, FrontendConfigSnippet.self],
            configMap: (value.isEmpty ? [:] : ["syslog-server": value]).merging(["frontend-config-snippet": snippet]) { $1 })
        for frontend in ["frontend http", "frontend https"] {
            #expect(trial.section(frontend).contains("http-request set-log-level silent") == !isTaken)
        }
    }

    @Test func `Every line is a target`() throws {
        let value = "address:10.0.0.5, level:info\n\n  address:stdout,facility:local7\n"
        #expect(try lines(value) == ["log 10.0.0.5:514 local0 info", "log stdout format raw local7"])
    }

    @Test(arguments: [
        ("", "names no target"),
        ("port:514", "gives no address"),
        ("10.0.0.5", "holds \"10.0.0.5\", which is none of address, port"),
        ("address", "gives no address"),
        ("address:10.0.0.5,:", "holds \"\", which is none of"),
        (",", "gives no address"),
        ("address:10.0.0.5,address:10.0.0.6", "gives address twice"),
        ("address:10.0.0.5,colour:red", "holds \"colour\""),
        ("address:10.0.0.5,port:0", "holds port \"0\""),
        ("address:10.0.0.5,port:65536", "holds port \"65536\""),
        ("address:10.0.0.5,port:http", "holds port \"http\""),
        ("address:/dev/log,port:514", "gives a port"),
        ("address:stderr x", "holds address \"stderr x\""),
        ("address:10.0.0.0/8", "holds address"),
        ("address:logs.example.com", "holds the host name \"logs.example.com\", which HAProxy would look up"),
        ("address:10.0.0.5\naddress:syslog", "in line 2 holds the host name \"syslog\""),
        ("address:127.1", "holds the host name"),
        ("address:/dev/lo g", "is not the path of a socket"),
        ("address:${HOME}", "holds address"),
        ("address:10.0.0.5,facility:local8", "holds facility \"local8\""),
        ("address:10.0.0.5,level:information", "holds level \"information\""),
        ("address:10.0.0.5,minlevel:0", "holds minlevel \"0\""),
        ("address:10.0.0.5,format:json", "holds format \"json\""),
        ("address:10.0.0.5,length:79", "holds length \"79\""),
        ("address:10.0.0.5\naddress:10.0.0.6,length:70000", "in line 2 holds length \"70000\""),
    ])
    func `A line that is no target is named, and the default stays in force`(_ value: String, _ words: String) throws {
        let trial = try AnnotationTrial([LogTargets.self], configMap: ["syslog-server": value])
        #expect(trial.section("global").contains("log 127.0.0.1:514 local0 notice"))
        let finding = try #require(trial.findings.first)
        #expect(finding.severity == .error && finding.message.contains(words), "\(finding)")
    }

    @Test(arguments: [
        ("address:10.0.0.5, level:info,", ["log 10.0.0.5:514 local0 info"], ["has a comma without a pair"]),
        (",address:10.0.0.5, ,level:info, ,", ["log 10.0.0.5:514 local0 info"], ["has a comma without a pair"]),
        ("address:stdout, port:514", ["log stdout format raw local0"], ["gives a port, which stdout does not have"]),
        (
            "address:10.0.0.5\nport:many,address:stdout,\n", ["log 10.0.0.5:514 local0", "log stdout format raw local0"],
            ["in line 2 has a comma without a pair", "in line 2 gives a port, which stdout does not have"]
        ),
    ])
    func `Commas without a pair and the port of standard output are passed over, with a warning`(
        _ value: String, _ targets: [String], _ warnings: [String]
    ) throws {
        let trial = try AnnotationTrial([LogTargets.self], configMap: ["syslog-server": value])
        #expect(trial.section("global").filter { $0.hasPrefix("log ") } == targets)
        #expect(Set(trial.findings.map(\.message)) == Set(warnings.map { "\($0), and is in force without it" }))
        #expect(trial.findings.allSatisfy { $0.severity == .warning })
    }

    @Test func `HAProxy's standard error is not a target, since its own messages are there`() throws {
        #expect(throws: ValueError.self) { try LogTarget("address:stderr") }
    }
}
