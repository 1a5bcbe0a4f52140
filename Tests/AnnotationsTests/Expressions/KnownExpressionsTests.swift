import Annotations
import Controller
import Foundation
import TestSupport
import Testing

@testable import Core

/// The lists of fetches, converters and variables, in the HAProxy of this machine: what tenants are told to be good is good.
@Suite struct KnownExpressionsTests {
    @Test func `HAProxy takes every fetch where the lists say that it has it`() async throws {
        var requests: [Directive] = []
        var backend: [Directive] = []
        for fetch in SampleFetch.known.values {
            for call in Self.calls(fetch.name, fetch.signature) {
                if fetch.availability != .response {
                    let expression = try SampleExpression(call)
                    requests.append("http-request capture \(expression) len 1")
                    backend.append("http-request set-header X \(try LogFormatString("%[\(call)]", of: .request))")
                    requests.append(try Self.condition(call, fetch.output))
                }
                if fetch.availability != .request {
                    backend.append("http-after-response set-header X \(try LogFormatString("%[\(call)]", of: .response))")
                }
            }
            for method in MatchMethod.inNames where fetch.hasMatchingForms {
                requests.append(Self.rule(try ACLExpression("\(fetch.name)_\(method) 1")))
            }
        }
        try await Self.expectTaken(requests: requests, backend: backend)
    }

    @Test func `HAProxy takes every converter, and compares its output as the lists say`() async throws {
        var requests: [Directive] = []
        for converter in SampleConverter.known.values {
            for call in Self.calls(converter.name, converter.signature) {
                requests.append(try Self.condition("str(1),\(call)", converter.output))
            }
        }
        try await Self.expectTaken(requests: requests, backend: [])
    }

    @Test func `HAProxy takes every variable of log formats, with and without flags`() async throws {
        var backend: [Directive] = []
        for variable in LogFormatVariable.allCases {
            for text in ["%\(variable.rawValue)", "%{+Q,-X,+E,-M}\(variable.rawValue)"] {
                backend.append("http-request set-header X \(try LogFormatString(text, of: .request))")
                backend.append("http-after-response set-header X \(try LogFormatString(text, of: .response))")
            }
        }
        try await Self.expectTaken(requests: [], backend: backend)
    }

    @Test func `HAProxy hashes by every fetch of requests`() async throws {
        for fetch in SampleFetch.known.values where fetch.availability != .response {
            let call = Self.calls(fetch.name, fetch.signature)[0]
            try await Self.expectTaken(requests: [], backend: ["balance hash \(try SampleExpression(call))"])
        }
    }

    /// With all arguments, and with none but those that have to be there.
    private static func calls(_ name: String, _ signature: SampleSignature) -> [String] {
        func call(_ count: Int) -> String {
            count == 0 ? name : "\(name)(\(signature.arguments.prefix(count).map(example).joined(separator: ",")))"
        }
        return [call(signature.arguments.count), call(signature.required)]
    }

    private static func example(_ argument: SampleArgument) -> String {
        switch argument {
        case .text, .name, .regularExpression: "x"
        case .integer, .count: "1"
        case .boolean: "true"
        case .choice(let words): words[0]
        case .ipv4Mask: "24"
        case .ipv6Mask: "64"
        case .variable: ReadableVariable.host.rawValue
        }
    }

    private static func condition(_ call: String, _ output: SampleType) throws -> Directive {
        let rest =
            switch output {
            case .boolean: ""
            case .integer: "ge 1"
            case .address: "192.0.2.0/24 2001:db8::1"
            case .string: "lower"
            case .method: "GET"
            case .binary: "-m bin 00"
            case .undefined: "-m str a"
            }
        return rule(try ACLExpression("\(call) \(rest)"))
    }

    private static func rule(_ acl: ACLExpression) -> Directive { "http-request deny if { \(part: acl.directive) }" }

    private static func expectTaken(requests: [Directive], backend: [Directive]) async throws {
        let text = """
            defaults
              mode http
              timeout client 1s
              timeout server 1s
              timeout connect 1s
            frontend http
              bind unix@http.sock
              default_backend web
            \(requests.map { "  \($0.text)" }.joined(separator: "\n"))
            backend web
            \(backend.map { "  \($0.text)" }.joined(separator: "\n"))
              server web 192.0.2.1:80

            """
        let program = ProcessInfo.processInfo.environment["TEST_HAPROXY"] ?? "/usr/sbin/haproxy"
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try Data(text.utf8).write(to: directory.url.appendingPathComponent("haproxy.cfg"))
        let verdict = try await ConfigurationCheck(program: program).check(file: "haproxy.cfg", directory: directory.url.path)
        if case .invalid(_, let output) = verdict { Issue.record("\(output)") }
    }
}
