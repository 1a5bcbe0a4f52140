import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ConfigSnippetsTests {
    static let handlers: [any AnnotationHandler.Type] = [
        BackendConfigSnippet.self, GlobalConfigSnippet.self, FrontendConfigSnippet.self, StatsConfigSnippet.self,
    ]

    @Test func `Lines enter the section they are for`() throws {
        let trial = try AnnotationTrial(
            Self.handlers,
            configMap: [
                "global-config-snippet": "tune.bufsize 32768\n# a comment\n\ntune.maxrewrite 1024",
                "frontend-config-snippet": "http-request set-header X-Ingress haproxy",
                "stats-config-snippet": "http-request deny unless { src 10.0.0.0/8 }",
            ],
            ingress: ["backend-config-snippet": "http-send-name-header X-Server\n  option  abortonclose  "])
        #expect(trial.section("global").contains("tune.bufsize 32768"))
        #expect(trial.section("global").contains("tune.maxrewrite 1024"))
        #expect(!trial.configuration.contains("a comment"))
        #expect(trial.section("frontend http").contains("http-request set-header X-Ingress haproxy"))
        #expect(trial.section("frontend https").contains("http-request set-header X-Ingress haproxy"))
        #expect(trial.section("frontend stats").contains("http-request deny unless { src 10.0.0.0/8 }"))
        #expect(trial.backend.suffix(4).contains("http-send-name-header X-Server"))
        #expect(trial.backend.contains("option  abortonclose"))
        #expect(trial.findings.isEmpty)
    }

    @Test func `The nearest scope's backend snippet is in force`() throws {
        func trial(ingress: [String: String], service: [String: String]) throws -> AnnotationTrial {
            try AnnotationTrial(
                Self.handlers, configMap: ["backend-config-snippet": "option abortonclose"], ingress: ingress, service: service)
        }
        #expect(try trial(ingress: [:], service: [:]).backend.contains("option abortonclose"))
        let own = try trial(
            ingress: ["backend-config-snippet": "option allbackups"], service: ["backend-config-snippet": "retries 1"])
        #expect(own.backend.contains("retries 1"))
        #expect(!own.configuration.contains("option abortonclose"))
        #expect(!own.configuration.contains("option allbackups"))
    }

    @Test(arguments: [
        "", "# nothing", "retries 1\nbackend other\n server x 1.2.3.4:80", "'frontend' x", "listen\tx", ".if true",
        "retries 1 \\",
        "retries \u{7}",
    ])
    func `A snippet that would leave its section is refused`(_ value: String) throws {
        let trial = try AnnotationTrial(Self.handlers, service: ["backend-config-snippet": value])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("retries"))
        #expect(!trial.configuration.contains("1.2.3.4"))
    }

    @Test func `Snippets of a kind that is switched off are errors of all who wrote them and have no effect`() throws {
        let trial = try AnnotationTrial(
            Self.handlers,
            configMap: [
                "global-config-snippet": "tune.maxrewrite 1024", "frontend-config-snippet": "http-request set-header X-A b",
                "backend-config-snippet": "retries 1",
            ],
            ingress: ["backend-config-snippet": "retries 2"], service: ["backend-config-snippet": "retries 3"],
            disabledSnippets: [.backend, .global])
        #expect(!trial.configuration.contains("retries") && !trial.configuration.contains("tune.maxrewrite"))
        #expect(trial.section("frontend http").contains("http-request set-header X-A b"))
        #expect(trial.findings.count == 4)
        #expect(
            trial.findings.allSatisfy { $0.severity == .error && $0.message == "is switched off by --disable-config-snippets" })
        #expect(Set(trial.findings.compactMap(\.object?.kind)) == [.configMap, .ingress, .service])
    }
}
