extension FieldReader {
    mutating func service(_ node: Node, _ metadata: ObjectMeta) -> Service? {
        guard let spec = node["spec"], !spec.isNull else {
            failMissing("spec", of: node, expected: "ports at least")
            return nil
        }
        return object("spec", of: node) { reader, spec in
            let type = reader.choice("type", of: spec, standard: ServiceType.clusterIP)
            let externalName = reader.part { reader in
                reader.string("externalName", of: spec) { $0.isEmpty ? nil : ObjectValidation.externalName($0) }
            }.flatMap { $0.isEmpty ? nil : $0 }
            if type == .externalName, spec["externalName"].map({ $0.isNull || $0.string == "" }) ?? true {
                reader.failMissing("externalName", of: spec, expected: "a DNS name", example: "api.example.com")
            }
            let isHeadless = reader.string("clusterIP", of: spec) == "None"
            let ports = reader.servicePorts(spec, needed: type != .externalName && !isHeadless)
            return type.map {
                Service(
                    metadata: metadata, type: $0, externalName: externalName, ports: ports, isHeadless: isHeadless,
                    addresses: Self.addresses(spec, status: node["status"]))
            }
        }
    }

    /// The API server sets most of them. Manifests may hold others, which are nobody's mistake.
    private static func addresses(_ spec: Node, status: Node?) -> [IPAddress] {
        func elements(_ list: Node?) -> [Node] { if case .sequence(let nodes)? = list?.value { nodes } else { [] } }
        let balancers = elements(status?["loadBalancer"]?["ingress"])
        let texts =
            [spec["clusterIP"]] + elements(spec["clusterIPs"]) + elements(spec["externalIPs"]) + balancers.map { $0["ip"] }
        var known: Set<IPAddress> = []
        return texts.compactMap { $0?.string.flatMap { IPAddress($0) } }.filter { known.insert($0).inserted }
    }

    private mutating func servicePort(_ node: Node) -> ServicePort? {
        guard isObject(node) else { return nil }
        let name = string("name", of: node) { $0.isEmpty ? nil : ObjectValidation.label($0) }
        let port = requiredPort("port", of: node)
        let target = field("targetPort", of: node) { $0.targetPort($1) }
        let proto = protocolName(node)
        let appProtocol = appProtocol(node)
        guard let port else { return nil }
        return ServicePort(
            name: name.flatMap { $0.isEmpty ? nil : $0 }, port: port, targetPort: target, protocol: proto,
            appProtocol: appProtocol)
    }

    /// A port is of use without it.
    mutating func appProtocol(_ node: Node) -> String? {
        part { reader in
            reader.string("appProtocol", of: node) { $0.isEmpty ? nil : ObjectValidation.qualifiedName($0) }
        }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A number or a name. 0 and an empty name mean that none is given.
    private mutating func targetPort(_ node: Node) -> PortReference? {
        if let number = node.wholeNumber {
            return number == 0 ? nil : port(number, at: node.mark).map(PortReference.number)
        }
        guard let name = string(node, check: { $0.isEmpty ? nil : ObjectValidation.portName($0) }), !name.isEmpty else {
            return nil
        }
        return .name(name)
    }

    /// Also looks after the rules that concern the ports together: names are unique, and needed where there are several. Of two
    /// ports with one name or number the first stays.
    private mutating func servicePorts(_ spec: Node, needed: Bool) -> [ServicePort] {
        let count = if case .sequence(let nodes)? = spec["ports"]?.value { nodes.count } else { 0 }
        if count == 0 && needed && (spec["ports"].map(\.isNull) ?? true || spec["ports"]?.value == .sequence([])) {
            failMissing("ports", of: spec, expected: "one port at least")
        }
        var names: Set<String> = []
        var numbers: Set<String> = []
        return parts("ports", of: spec) { reader, node in
            let port = reader.servicePort(node)
            let name = node["name"]?.string ?? ""
            if name.isEmpty {
                if count > 1 {
                    reader.failMissing("name", of: node, expected: "a name for each of several ports", example: "http")
                }
            } else if !names.insert(name).inserted {
                reader.fail("has a name that another port has", at: node.mark, value: name, expected: "a name of its own")
            }
            if let port = node["port"]?.wholeNumber,
                !numbers.insert("\(port)/\(node["protocol"]?.string ?? "TCP")").inserted
            {
                reader.fail("has a number that another port has", at: node.mark, value: String(port), expected: "each port once")
            }
            return port
        }
    }

    mutating func requiredPort(_ name: String, of node: Node) -> Int? {
        if node[name].map(\.isNull) ?? true {
            failMissing(name, of: node, expected: "1 to 65535", example: "8080")
            return nil
        }
        return port(name, of: node)
    }

    /// `TCP`, `UDP` or `SCTP`; `TCP` when not given.
    mutating func protocolName(_ node: Node) -> String {
        string("protocol", of: node) { text in
            ["TCP", "UDP", "SCTP", ""].contains(text)
                ? nil : Violation("is not a protocol", expected: "TCP, UDP or SCTP", example: "TCP")
        }.flatMap { $0.isEmpty ? nil : $0 } ?? "TCP"
    }

    /// One of an enumeration's values.
    mutating func choice<Choice>(_ name: String, of node: Node, standard: Choice?) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let value = node[name], !value.isNull, value.string != "" else { return standard }
        return at(.field(name)) { reader in
            guard let text = reader.string(value) else { return nil }
            guard let choice = Choice(rawValue: text) else {
                reader.fail(
                    "is not known", at: value.mark, value: text,
                    expected: "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
                return nil
            }
            return choice
        }
    }
}
