extension FieldReader {
    mutating func ingress(_ node: Node, _ metadata: ObjectMeta) -> Ingress? {
        guard let spec = node["spec"], !spec.isNull else {
            failMissing("spec", of: node, expected: "rules or a defaultBackend")
            return nil
        }
        return object("spec", of: node) { reader, spec in
            let defaultBackend = reader.part { $0.object("defaultBackend", of: spec) { $0.backend($1) } }
            let rules = reader.parts("rules", of: spec) { $0.rule($1) }
            let hasRules = spec["rules"].map { $0.value != .sequence([]) && !$0.isNull } ?? false
            if !hasRules, spec["defaultBackend"].map(\.isNull) ?? true {
                reader.fail("has neither rules nor a defaultBackend", at: spec.mark, expected: "one of them at least")
            }
            return Ingress(
                metadata: metadata,
                ingressClassName: reader.string("ingressClassName", of: spec, check: ObjectValidation.subdomain),
                defaultBackend: defaultBackend, rules: rules,
                tls: reader.parts("tls", of: spec) { $0.tls($1) })
        }
    }

    private mutating func rule(_ node: Node) -> IngressRule? {
        guard isObject(node) else { return nil }
        let host = string("host", of: node) { $0.isEmpty ? nil : ObjectValidation.ruleHost($0) }
        let paths = object("http", of: node) { reader, http -> [IngressPath]? in
            let paths = reader.parts("paths", of: http) { $0.path($1) }
            let isMissing = http["paths"].map { $0.isNull || $0.value == .sequence([]) } ?? true
            if isMissing { reader.failMissing("paths", of: http, expected: "one path at least") }
            return paths
        }
        return IngressRule(host: host.flatMap { $0.isEmpty ? nil : $0 }, paths: paths ?? [])
    }

    private static let pathTypes = PathType.allCases.map(\.rawValue).joined(separator: ", ")

    private mutating func path(_ node: Node) -> IngressPath? {
        guard isObject(node) else { return nil }
        let types = Self.pathTypes
        let type = field("pathType", of: node) { reader, value -> PathType? in
            guard let text = reader.string(value) else { return nil }
            guard let type = PathType(rawValue: text) else {
                reader.fail("is not a path type", at: value.mark, value: text, expected: "one of \(types)", example: "Prefix")
                return nil
            }
            return type
        }
        if node["pathType"].map(\.isNull) ?? true {
            failMissing("pathType", of: node, expected: "one of \(types)", example: "Prefix")
        }
        var path = ""
        if let type {
            path = string("path", of: node) { ObjectValidation.path($0, type: type) } ?? ""
            if path.isEmpty, type != .implementationSpecific, node["path"].map(\.isNull) ?? true {
                failMissing("path", of: node, expected: "a path that begins with '/'", example: "/")
            }
        }
        guard let backendNode = node["backend"], !backendNode.isNull else {
            failMissing("backend", of: node, expected: "a service and its port")
            return nil
        }
        guard let backend = object("backend", of: node, { $0.backend($1) }), let type else { return nil }
        return IngressPath(path: path.isEmpty ? "/" : path, pathType: type, backend: backend)
    }

    private mutating func backend(_ node: Node) -> IngressBackend? {
        if let resource = node["resource"], !resource.isNull {
            at(.field("resource")) {
                $0.fail(
                    "is not supported: there is nothing that could serve it", at: resource.mark, expected: "a service",
                    isTakenByServers: true)
            }
            return nil
        }
        guard let service = node["service"], !service.isNull else {
            failMissing("service", of: node, expected: "the name of a Service and one of its ports")
            return nil
        }
        return object("service", of: node) { reader, service in
            let name = reader.string("name", of: service, check: ObjectValidation.label)
            if service["name"].map(\.isNull) ?? true {
                reader.failMissing("name", of: service, expected: "the name of a Service", example: "web")
            }
            let port = reader.backendPort(service)
            guard let name, let port else { return nil }
            return IngressBackend(serviceName: name, port: port)
        }
    }

    private mutating func backendPort(_ service: Node) -> PortReference? {
        guard let port = service["port"], !port.isNull else {
            failMissing("port", of: service, expected: "the port's number or name")
            return nil
        }
        return object("port", of: service) { reader, port in
            let name = reader.string("name", of: port) { $0.isEmpty ? nil : ObjectValidation.portName($0) }
                .flatMap { $0.isEmpty ? nil : $0 }
            // 0 is what Go writes for a number that is not set.
            let hasNumber = port["number"].map { !$0.isNull && !($0.wholeNumber == 0 && name != nil) } ?? false
            let number = hasNumber ? reader.port("number", of: port) : nil
            switch (name, number) {
            case (let name?, nil) where !hasNumber:
                return .name(name)
            case (nil, let number?):
                return .number(number)
            case (nil, nil):
                let hasName = port["name"].map { !$0.isNull && $0.string != "" } ?? false
                if !hasNumber && !hasName { reader.fail("has neither number nor name", at: port.mark, expected: "one of them") }
                return nil
            default:
                reader.fail("has both a number and a name", at: port.mark, expected: "one of them")
                return nil
            }
        }
    }

    private mutating func tls(_ node: Node) -> IngressTLS? {
        guard isObject(node) else { return nil }
        // Without its Secret the host still has TLS.
        let secret = part { reader in
            reader.string("secretName", of: node) { $0.isEmpty ? nil : ObjectValidation.subdomain($0) }
        }
        let hosts = parts("hosts", of: node) { $0.string($1, check: ObjectValidation.host) }
        // No hosts at all would mean all hosts of the rules.
        if hosts.isEmpty, case .sequence(let written)? = node["hosts"]?.value, !written.isEmpty { return nil }
        return IngressTLS(hosts: hosts, secretName: secret.flatMap { $0.isEmpty ? nil : $0 })
    }

    mutating func ingressClass(_ node: Node, _ metadata: ObjectMeta) -> IngressClass? {
        let controller = object("spec", of: node) { reader, spec in
            reader.string("controller", of: spec, check: ObjectValidation.controllerName)
        }
        if node["spec"]?["controller"].map(\.isNull) ?? true, findings.isEmpty {
            at(.field("spec")) {
                $0.failMissing(
                    "controller", of: node, expected: "the controller of the class", example: "haproxy.org/ingress-controller")
            }
        }
        return controller.map { IngressClass(metadata: metadata, controller: $0) }
    }
}
