import TestSupport

@testable import Core

extension RunningStateModelTests {
    func slice(_ service: String, _ random: inout SeededGenerator) -> KubernetesObject {
        let endpoints = (1...6).filter { _ in random.chance(50) }.map { number in
            let terminates = random.chance(20)
            return Endpoint(
                addresses: ["10.0.0.\(number)"], isReady: !terminates, isServing: true, isTerminating: terminates)
        }
        return Cluster.slice(endpoints, name: "\(service)-1", of: service)
    }

    /// A change of one object; says what kind it was, so that the test knows what it may cost.
    func mutate(_ cluster: inout Objects, pems: [KubernetesObject], random: inout SeededGenerator) -> Change {
        let service = "s\(Int.random(in: 0..<3, using: &random))"
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<4:
            cluster.put(slice(service, &random))
            return .endpoints
        case 4:
            // Another path to a Service that has a route with the same settings already.
            let plain = ObjectKey(.ingress, namespace: "shop", name: "plain-\(service)")
            let isKnown = cluster.objects[plain] != nil
            cluster.put(
                Cluster.ingress(
                    "plain-\(service)", path: "/plain-\(service)", service: service, annotations: ["greeting": "plain"]))
            let extra = "extra-\(service)-\(Int.random(in: 0..<3, using: &random))"
            let key = ObjectKey(.ingress, namespace: "shop", name: extra)
            if isKnown, cluster.objects[key] != nil {
                cluster.objects[key] = nil
            } else {
                cluster.put(
                    Cluster.ingress(extra, host: random.chance(50) ? "*.example.com" : nil, path: "/\(extra)", service: service))
            }
            return isKnown ? .knownPath : .anything
        case 5:
            guard case .secret(var secret)? = pems.randomElement(using: &random) else { return .anything }
            let name = "c\(Int.random(in: 0..<2, using: &random))"
            let key = ObjectKey(.secret, namespace: "shop", name: name)
            let isKnown = cluster.objects[key] != nil
            if isKnown, random.chance(20) {
                cluster.objects[key] = nil
            } else {
                secret.metadata.name = name
                cluster.put(.secret(secret))
            }
            return .certificate
        case 6:
            let name = "web\(Int.random(in: 0..<5, using: &random))"
            let key = ObjectKey(.ingress, namespace: "shop", name: name)
            guard cluster.objects[key] == nil || random.chance(60) else {
                cluster.objects[key] = nil
                return .anything
            }
            cluster.put(ingress(name, service: service, random: &random))
            return .anything
        case 7:
            var data: [String: String] = [:]
            if random.chance(60) { data["limit"] = String(Int.random(in: 1...9, using: &random)) }
            if random.chance(90) { data["visa"] = String(Int.random(in: 1...3, using: &random)) }
            cluster.put(Cluster.configMap(data))
            return .anything
        case 8:
            var annotations: [String: String] = [:]
            if random.chance(30) { annotations["fixed-pool"] = "true" }
            if random.chance(30) { annotations["greeting"] = "hello \(Int.random(in: 0..<3, using: &random))" }
            if random.chance(40) { annotations["crowd"] = String(Int.random(in: 1...3, using: &random)) }
            if random.chance(40) { annotations["sticky"] = "true" }
            if random.chance(60) { annotations["seal"] = String(Int.random(in: 1...3, using: &random)) }
            cluster.put(Cluster.service(service, annotations: annotations))
            return .anything
        case 9, 10:
            // A Service that comes and goes as a whole, as most have it.
            let name = "x\(Int.random(in: 0..<8, using: &random))"
            comeOrGo(name, &cluster, annotations: random.chance(30) ? ["pace": "1s"] : [:], &random)
            return .anything
        default:
            let key = ObjectKey(.endpointSlice, namespace: "shop", name: "\(service)-1")
            cluster.objects[key] = nil
            return .endpoints
        }
    }

    func comeOrGo(
        _ name: String, _ cluster: inout Objects, annotations: [String: String] = [:], _ random: inout SeededGenerator
    ) {
        let new = [
            Cluster.service(name), slice(name, &random),
            Cluster.ingress(
                name, host: "\(name).example.com", service: name,
                annotations: annotations.merging(["greeting": "plain"]) { $1 }),
        ]
        let isThere = cluster.objects[new[0].key] != nil
        for object in new { if isThere { cluster.objects[object.key] = nil } else { cluster.put(object) } }
    }

    private func ingress(_ name: String, service: String, random: inout SeededGenerator) -> KubernetesObject {
        var annotations: [String: String] = [:]
        let choices = [
            ("greeting", "hello \(Int.random(in: 0..<4, using: &random))"), ("pace", "\(Int.random(in: 1..<4, using: &random))s"),
            ("visitors", "10.\(Int.random(in: 0..<3, using: &random)).0.0/11"), ("through", "true"), ("guard", "strict"),
            ("guard", "broken"),
        ]
        for (key, value) in choices where random.chance(20) { annotations[key] = value }
        let tls =
            random.chance(50) ? [IngressTLS(hosts: ["\(name).example.com"], secretName: random.chance(50) ? "c0" : "c1")] : []
        return Cluster.ingress(
            name, host: "\(random.chance(80) ? name : "web0").example.com", path: "/", service: service,
            annotations: annotations, tls: tls, defaultBackend: random.chance(10) ? service : nil)
    }
}
