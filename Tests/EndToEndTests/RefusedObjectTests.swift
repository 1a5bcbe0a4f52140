import Foundation
import TestSupport
import Testing

/// An object that HAProxy refuses stops nobody else: it is found, closed and told, whatever HAProxy's message says.
@Suite("Objects that HAProxy refuses")
struct RefusedObjectTests {
    /// A snippet line that HAProxy refuses without naming a line.
    private static let unattributable = ["backend-config-snippet": "use-server nobody if TRUE"]

    private static func crowd(_ numbers: Range<Int>, bad: Set<Int> = []) -> String {
        numbers.map { number in
            Manifests.ingress(
                "i-\(number)", namespace: "shop", host: "h\(number).example.com",
                annotations: bad.contains(number) ? unattributable : [:], created: "2026-01-01T00:00:00Z")
        }.joined()
    }

    @Test("one of a thousand objects with rubbish that HAProxy does not attribute is found at a start, and the others are served")
    func thousand() async throws {
        let files = ["service.yaml": Manifests.service(), "crowd.yaml": Self.crowd(0..<1000, bad: [617])]
        try await TestController.with(files) { controller async throws in
            for number in [0, 616, 618, 999] {
                #expect(try await controller.request("http://h\(number).example.com/").pod == "pod-1", "\(number)")
            }
            // The snippet alone is out: the route has no protection that it could lose.
            #expect(try await controller.request("http://h617.example.com/").pod == "pod-1")
            #expect(controller.log.contains("Ingress shop/i-617: haproxy.org/backend-config-snippet"))
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 1)
            let checks = try await controller.metric("haproxy_ingress_configuration_checks_total")
            #expect((1...40).contains(checks), "\(checks) checks")
        }
    }

    @Test("many values that only HAProxy refuses keep no change of another tenant waiting, and are all told")
    func many() async throws {
        let files = [
            "service.yaml": Manifests.service() + Manifests.service(namespace: "evil"), "good.yaml": Manifests.ingress(),
        ]
        try await TestController.with(files, arguments: ["--sync-period", "5s"]) { controller async throws in
            let bad = (0..<60).map { number in
                Manifests.ingress(
                    "bad-\(number)", namespace: "evil", host: "bad\(number).example.com",
                    annotations: ["backend-config-snippet": "no-such-keyword-\(number)"])
            }
            try await controller.write("bad.yaml", bad.joined())
            let start = ContinuousClock.now
            // A load that another tenant needs.
            try await controller.write(
                "good.yaml",
                Manifests.ingress(annotations: ["backend-config-snippet": "http-response set-header X-Good yes"]))
            try await controller.eventually("http://shop.example.com/") { $0.header("x-good") == "yes" }
            #expect(ContinuousClock.now - start < .seconds(5))
            try await controller.wait("all are told", within: .seconds(60)) {
                (0..<60).allSatisfy { controller.log.contains("Ingress evil/bad-\($0): haproxy.org/backend-config-snippet") }
            }
            try await controller.eventually("http://bad7.example.com/") { $0.pod == "pod-1" }
        }
    }

    /// A HAProxy whose checks take some seconds more when they are told to.
    private struct SlowHAProxy {
        private let directory: TemporaryDirectory
        private let slow: URL
        let arguments: [String]

        init(seconds: Int = 6) throws {
            directory = try TemporaryDirectory("slow")
            slow = directory.url.appendingPathComponent("slow")
            let program = directory.url.appendingPathComponent("haproxy")
            let real = Programs.haproxyArguments.last ?? "haproxy"
            try writeProgram(
                program,
                """
                #!/bin/sh
                [ "$1" = -c ] && [ -e '\(slow.path)' ] && sleep \(seconds)
                PATH=$PATH:/usr/local/sbin:/usr/sbin
                exec "$(command -v '\(real)')" "$@"
                """)
            arguments = ["--program", program.path]
        }

        func slowDown() throws { try Data().write(to: slow) }

        func remove() { directory.remove() }
    }

    @Test("an object that has HAProxy's check wait for ever is found, closed and told, and the others' changes go through")
    func waiting() async throws {
        let directory = try TemporaryDirectory("waiting")
        defer { directory.remove() }
        let program = directory.url.appendingPathComponent("haproxy")
        let real = Programs.haproxyArguments.last ?? "haproxy"
        try writeProgram(
            program,
            """
            #!/bin/sh
            [ "$1" = -c ] && grep -q X-Wait-For-Ever "$5/haproxy.cfg" && exec sleep 300
            PATH=$PATH:/usr/local/sbin:/usr/sbin
            exec "$(command -v '\(real)')" "$@"
            """)
        let files = [
            "service.yaml": Manifests.service() + Manifests.service(namespace: "evil"), "good.yaml": Manifests.ingress(),
        ]
        try await TestController.with(files, arguments: ["--program", program.path]) { controller async throws in
            try await controller.write(
                "bad.yaml",
                (0..<5).map { number in
                    Manifests.ingress(
                        "bad-\(number)", namespace: "evil", host: "bad\(number).example.com",
                        annotations: [
                            "backend-config-snippet": "http-response set-header X-\(number == 3 ? "Wait-For-Ever" : "Short") yes"
                        ])
                }.joined())
            try await Task.sleep(for: .seconds(1))
            try await controller.write("other.yaml", Self.loaded("other"))
            try await controller.eventually("http://other.example.com/") { $0.header("x-other") == "other" }
            try await controller.wait("the object is told", within: .seconds(150)) {
                controller.log.contains("Ingress evil/bad-3: haproxy.org/backend-config-snippet")
            }
            for number in [0, 4] {
                try await controller.eventually("http://bad\(number).example.com/") { $0.header("x-short") == "yes" }
            }
            #expect(!controller.configuration.contains("X-Wait-For-Ever"))
            for number in [0, 1, 2, 4] { #expect(!controller.log.contains("Ingress evil/bad-\(number): ")) }
        }
    }

    /// An Ingress that takes a load.
    private static func loaded(_ name: String, namespace: String = "shop") -> String {
        Manifests.ingress(
            name, namespace: namespace, host: "\(name).example.com",
            annotations: ["backend-config-snippet": "http-response set-header X-Other \(name)"])
    }

    @Test("a change that takes a load keeps no other one waiting while HAProxy looks at a configuration for long")
    func changesDuringCheck() async throws {
        let haproxy = try SlowHAProxy()
        defer { haproxy.remove() }
        let files = ["service.yaml": Manifests.service(), "good.yaml": Manifests.ingress()]
        try await TestController.with(files, arguments: haproxy.arguments) { controller async throws in
            try haproxy.slowDown()
            try await controller.write("first.yaml", Self.loaded("first"))
            try await Task.sleep(for: .milliseconds(500))
            try await controller.write("second.yaml", Self.loaded("second"))
            try await Task.sleep(for: .milliseconds(500))
            try await controller.write("good.yaml", Manifests.ingress() + Manifests.ingress("more", host: "more.example.com"))
            let start = ContinuousClock.now
            try await controller.eventually("http://more.example.com/") { $0.pod == "pod-1" }
            #expect(ContinuousClock.now - start < .seconds(3))
            for name in ["first", "second"] {
                try await controller.eventually("http://\(name).example.com/") { $0.header("x-other") == name }
            }
        }
    }

    @Test("an object that is gone when HAProxy has been asked about it is no longer told")
    func gone() async throws {
        let haproxy = try SlowHAProxy(seconds: 1)
        defer { haproxy.remove() }
        let files = [
            "service.yaml": Manifests.service() + Manifests.service(namespace: "evil"), "good.yaml": Manifests.ingress(),
        ]
        func bad(_ name: String) -> String {
            Manifests.ingress(name, namespace: "evil", host: "bad.example.com", annotations: Self.unattributable)
        }
        try await TestController.with(files, arguments: haproxy.arguments) { controller async throws in
            func checks() async throws -> Double { try await controller.metric("haproxy_ingress_configuration_checks_total") }
            try await controller.write("bad.yaml", bad("bad"))
            try await controller.wait("the object is told") {
                controller.log.contains("Ingress evil/bad: haproxy.org/backend-config-snippet")
            }
            try haproxy.slowDown()
            let before = try await checks()
            try await controller.write("bad.yaml", bad("worse"))
            try await controller.wait("HAProxy is asked about it") { try await checks() > before }
            try await controller.write("bad.yaml", "")
            var asked = -1.0
            while try await asked < checks() {
                asked = try await checks()
                try await Task.sleep(for: .seconds(4))
            }
            #expect(asked > before + 2)
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 0)
        }
    }

    @Test("a Service that brings an older Ingress's bad value to HAProxy is served, and the value is told")
    func broughtValue() async throws {
        let files = [
            "good.yaml": Manifests.service() + Manifests.ingress(),
            "bad.yaml": Manifests.ingress("bad", host: "bad.example.com", service: "late", annotations: Self.unattributable),
        ]
        try await TestController.with(files) { controller async throws in
            try await controller.write("late.yaml", Manifests.service("late"))
            try await controller.eventually("http://bad.example.com/") { $0.pod == "pod-1" }
            try await controller.wait("the value is told") {
                controller.log.contains("Ingress shop/bad: haproxy.org/backend-config-snippet")
            }
            #expect(!controller.log.contains("Service shop/late: leads to"))
        }
    }

    @Test("pods come and go while HAProxy looks at a configuration for long")
    func slowCheck() async throws {
        let haproxy = try SlowHAProxy()
        defer { haproxy.remove() }
        let files = ["service.yaml": Manifests.service(), "good.yaml": Manifests.ingress()]
        try await TestController.with(
            files, pods: ["pod-1", "pod-2"], arguments: haproxy.arguments
        ) { controller async throws in
            try haproxy.slowDown()
            try await controller.write("other.yaml", Self.loaded("other"))
            try await Task.sleep(for: .milliseconds(500))
            try await controller.write("service.yaml", Manifests.service(pods: [2]))
            let start = ContinuousClock.now
            try await controller.eventually("http://shop.example.com/") { $0.pod == "pod-2" }
            #expect(ContinuousClock.now - start < .seconds(3))
            try await controller.eventually("http://other.example.com/") { $0.header("x-other") == "other" && $0.pod == "pod-2" }
        }
    }

    @Test("a reload that has to wait keeps no change of another tenant waiting that takes none, and comes in time")
    func waitingReload() async throws {
        let files = [
            "service.yaml": Manifests.service() + Manifests.service(namespace: "busy"), "good.yaml": Manifests.ingress(),
        ]
        try await TestController.with(files, arguments: ["--sync-period", "15s"]) { controller async throws in
            func busy(_ number: Int) -> String {
                Manifests.ingress(
                    "busy", namespace: "busy", host: "busy.example.com",
                    annotations: ["backend-config-snippet": "http-response set-header X-Busy \(number)"])
            }
            // Reloads that quiet has saved up.
            var number = 0
            while !controller.log.contains("a reload waits for --sync-period"), number < 20 {
                number += 1
                try await controller.write("busy.yaml", busy(number))
                try await Task.sleep(for: .milliseconds(700))
            }
            #expect(controller.log.contains("a reload waits for --sync-period"))
            let start = ContinuousClock.now
            try await controller.write("good.yaml", Manifests.ingress() + Manifests.ingress("more", host: "more.example.com"))
            try await controller.eventually("http://more.example.com/") { $0.pod == "pod-1" }
            #expect(ContinuousClock.now - start < .seconds(5))
            try await controller.eventually("http://busy.example.com/") { $0.header("x-busy") == "\(number)" }
        }
    }

    @Test("a value that is written like a place or a file of another tenant has no effect on that tenant")
    func forged() async throws {
        let certificates = try TestCertificates()
        let files = [
            "service.yaml": Manifests.service() + Manifests.service(namespace: "evil"),
            "good.yaml": Manifests.ingress(tls: "victim-tls", created: "2020-01-01T00:00:00Z")
                + Manifests.certificate("victim-tls", try certificates.leaf("shop.example.com")),
        ]
        try await TestController.with(files) { controller async throws in
            let authority = try controller.trust(certificates)
            for (number, line) in [
                "http-request set-header X %[no_such('certs/frontend/shop_victim-tls.pem')]",
                "no-such-keyword 'certs/frontend/shop_victim-tls.pem'", "no-such-keyword [haproxy.cfg:20] 'x'",
                "use-server 'certs/frontend/shop_victim-tls.pem' if TRUE", "no-such-keyword parsing [haproxy.cfg:30] :",
            ].enumerated() {
                try await controller.write(
                    "evil.yaml",
                    Manifests.ingress(
                        "evil-\(number)", namespace: "evil", host: "evil.example.com",
                        annotations: ["backend-config-snippet": line]))
                try await controller.wait("the liar is told") {
                    controller.log.contains("Ingress evil/evil-\(number): haproxy.org/backend-config-snippet")
                }
                let response = try await controller.request("https://shop.example.com/", authority: authority)
                #expect(response.pod == "pod-1", "\(line)")
            }
            #expect(!controller.log.contains("error haproxy-ingress: [Controller] Ingress shop/"))
        }
    }
}
