import BenchmarkSupport
import Core
import Foundation
import TestSupport

/// The cluster that a trace changes, and what has to be served of it.
final class TraceWorld {
    static let configMap = "benchmark/settings"
    /// How many sites have a certificate of their own.
    static let secrets = 20
    /// How many Services come at the most before others go.
    private static let extraLimit = 24

    private let cluster: any Cluster
    private let podPort: Int
    private let authority: TestCertificates
    private(set) var sites: [Site]
    private var extras: [Site] = []
    private var goneHosts: [String] = []
    private var certificates: [Int: CertificateIssuer.Issued] = [:]
    private var settings: [String: String] = [:]
    private var generations: [Int: Int] = [:]
    private var extraCount = 0
    private var generator: SeededGenerator
    /// Told of the pods that each host has from now on.
    var traffic: Traffic?

    init(_ count: Int, cluster: any Cluster, podPort: Int, seed: UInt64) throws {
        self.cluster = cluster
        self.podPort = podPort
        authority = try TestCertificates("Benchmark authority")
        generator = SeededGenerator(seed: seed)
        sites = []
        try cluster.put(configMapObject)
        for index in 0..<count {
            var site = self.site(index)
            if index < Self.secrets {
                // Every feature is in use somewhere; a further Ingress with it is no reason for a reload.
                for (key, value) in Change.annotations { site.set(key, value(index)) }
                site.set("ssl-redirect", "false")
                site.secret = "certificate-\(index)"
                try renew(index, of: site)
            }
            sites.append(site)
            for object in site.objects { try cluster.put(object) }
        }
    }

    private func site(_ index: Int) -> Site {
        var site = Site(index)
        site.podPort = podPort
        site.addresses = [newAddress(of: index), newAddress(of: index)]
        return site
    }

    /// An address that tells whose pod it is.
    private func newAddress(of index: Int) -> String {
        let generation = generations[index, default: 0]
        generations[index] = generation + 1
        return "127.\(10 + generation % 200).\(index % 62_500 / 250).\(index % 250 + 1)"
    }

    private var configMapObject: ClusterObject {
        let data = settings.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
        return ClusterObject(.configmaps, namespace: "benchmark", name: "settings", content: "\"data\":{\(data)}")
    }

    private func renew(_ number: Int, of site: Site) throws {
        let issued = try authority.leaf(site.host)
        certificates[number] = issued
        let data = [("tls.crt", issued.certificate), ("tls.key", issued.key)].map { key, bytes in
            "\"\(key)\":\"\(Data(bytes).base64EncodedString())\""
        }
        let content = "\"type\":\"kubernetes.io/tls\",\"data\":{\(data.joined(separator: ","))}"
        try cluster.put(
            ClusterObject(.secrets, namespace: site.namespace, name: "certificate-\(number)", content: content))
    }

    // MARK: - Changes

    /// - Returns: whether HAProxy needs a reload for it.
    func apply(_ change: Change) throws -> Bool {
        switch change {
        case .endpoints(let index): try changeEndpoints(index)
        case .path(let index):
            if sites[index].paths.count > 1, generator.chance(50) {
                sites[index].paths.removeLast()
            } else {
                sites[index].paths.append("/part-\(sites[index].paths.count)")
            }
            try cluster.put(sites[index].ingress)
        case .value(let index, let key, let value):
            sites[index].set(Change.annotations[key].key, Change.annotations[key].value(value))
            try cluster.put(sites[index].ingress)
        case .certificate(let number): try renew(number, of: sites[number])
        case .service: try changeServices()
        case .configMap(let key, let value):
            let setting = Change.settings[key]
            let isNew = settings.updateValue(setting.value(value), forKey: setting.key) != setting.value(value)
            try cluster.put(configMapObject)
            return setting.needsReload && isNew
        }
        return false
    }

    private func changeEndpoints(_ index: Int) throws {
        var addresses = sites[index].addresses
        switch Int.random(in: 0..<4, using: &generator) {
        case 0 where addresses.count < 5: addresses.append(newAddress(of: index))
        case 1 where addresses.count > 1: addresses.removeFirst()
        default: addresses[0] = newAddress(of: index)
        }
        sites[index].addresses = addresses
        traffic?.set(addresses, of: sites[index].host)
        try cluster.put(sites[index].slice)
    }

    private func changeServices() throws {
        if extras.count >= Self.extraLimit || !extras.isEmpty && generator.chance(50) {
            let extra = extras.remove(at: Int.random(in: 0..<extras.count, using: &generator))
            goneHosts.append(extra.host)
            for object in extra.objects.reversed() { try cluster.delete(object) }
        } else {
            let extra = site(30_000 + extraCount)
            extraCount += 1
            extras.append(extra)
            for object in extra.objects { try cluster.put(object) }
        }
    }

    // MARK: - What has to be served

    /// What of all this is not served; empty when HAProxy has everything.
    func faults(_ controller: ControllerProcess) throws -> [String] {
        var faults: [String] = []
        for site in sites + extras {
            let header = site.annotations.first { $0.key == "request-set-header" }?.value.split(separator: " ").last ?? ""
            for path in site.paths {
                var seen: Set<String> = []
                for _ in 0..<(path == "/" ? site.addresses.count * 2 : 1) {
                    let answer = try HTTPConnection.get(path, host: site.host, port: controller.httpPort)
                    let words = answer.body.split(separator: " ")
                    guard answer.status == 200, words.count == 2, words[1] == header else {
                        faults.append("\(site.host)\(path): \(answer.status) \(answer.body), not 200 and \(header)")
                        break
                    }
                    seen.insert(String(words[0]))
                }
                if path == "/", seen != Set(site.addresses) {
                    faults.append("\(site.host): pods \(seen.sorted()) answer, not \(site.addresses.sorted())")
                }
            }
        }
        for host in goneHosts.suffix(50) {
            let answer = try HTTPConnection.get("/", host: host, port: controller.httpPort)
            if answer.status != 404 { faults.append("\(host): \(answer.status), not 404") }
        }
        for (number, issued) in certificates {
            let shown = try Self.certificate(of: sites[number].host, port: controller.httpsPort)
            if !shown.contains(issued.certificateText.trimmingCharacters(in: .whitespacesAndNewlines)) {
                faults.append("\(sites[number].host): shows a certificate that is not its newest")
            }
        }
        return faults
    }

    private static func certificate(of host: String, port: Int) throws -> String {
        try Command.output(["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", host])
    }
}
