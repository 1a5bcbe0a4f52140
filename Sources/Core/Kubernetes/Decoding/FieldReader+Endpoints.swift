extension FieldReader {
    mutating func endpointSlice(_ node: Node, _ metadata: ObjectMeta) -> EndpointSlice? {
        let service = object("metadata", of: node) { reader, metadata in
            reader.object("labels", of: metadata) { reader, labels in reader.string("kubernetes.io/service-name", of: labels) }
        }
        if node["addressType"].map(\.isNull) ?? true {
            failMissing("addressType", of: node, expected: "one of IPv4, IPv6, FQDN", example: "IPv4")
        }
        guard let type = choice("addressType", of: node, standard: EndpointSlice.AddressType?.none) else { return nil }
        return EndpointSlice(
            metadata: metadata, serviceName: service.flatMap { $0.isEmpty ? nil : $0 }, addressType: type,
            ports: parts("ports", of: node) { reader, port in
                reader.isObject(port) ? reader.endpointPort(port, number: reader.port("port", of: port)) : nil
            },
            endpoints: parts("endpoints", of: node) { $0.endpoint($1, type: type) })
    }

    private mutating func address(_ node: Node, type: EndpointSlice.AddressType?) -> IPAddress? {
        var address: IPAddress?
        _ = string(node) { text in
            address = IPAddress(text)
            // The address of another family in disguise would pass by whoever looks at the family.
            let isRight = address.map { address in
                guard address.mappedIPv4 == nil else { return false }
                return switch type {
                case .ipv4: !address.isIPv6
                case .ipv6: address.isIPv6
                case .fqdn: false
                case nil: true
                }
            }
            return isRight == true ? nil : Self.violation(type)
        }
        return address
    }

    private static func violation(_ type: EndpointSlice.AddressType?) -> Violation {
        switch type {
        case .ipv4: Violation("is not an IPv4 address", expected: "four decimal numbers with dots", example: "10.1.2.3")
        case .ipv6: Violation("is not an IPv6 address", expected: "an address without a zone", example: "fd00::1")
        // A name that does not resolve must not hold HAProxy up, and nobody would follow the others.
        case .fqdn:
            Violation(
                "is a name, and pods are reached by their addresses", expected: "a Service of type ExternalName for a name",
                example: "a slice with addressType: IPv4", isTakenByServers: true)
        case nil: Violation("is not an IP address", example: "10.1.2.3")
        }
    }

    private mutating func endpoint(_ node: Node, type: EndpointSlice.AddressType) -> Endpoint? {
        guard isObject(node) else { return nil }
        let addresses = parts("addresses", of: node) { $0.address($1, type: type) }
        if node["addresses"].map({ $0.isNull || $0.value == .sequence([]) }) ?? true {
            failMissing("addresses", of: node, expected: "one address at least")
        }
        var (isReady, isServing, isTerminating): (Bool?, Bool?, Bool?)
        _ = object("conditions", of: node) { reader, conditions -> Void? in
            isReady = reader.bool("ready", of: conditions)
            isServing = reader.bool("serving", of: conditions)
            isTerminating = reader.bool("terminating", of: conditions)
            return nil
        }
        return Endpoint(
            addresses, isReady: isReady ?? true, isServing: isServing, isTerminating: isTerminating ?? false)
    }

    private mutating func endpointPort(_ node: Node, number: Int?) -> EndpointPort {
        let name = string("name", of: node) { $0.isEmpty ? nil : ObjectValidation.label($0) }
        return EndpointPort(
            name: name.flatMap { $0.isEmpty ? nil : $0 }, port: number, protocol: protocolName(node),
            appProtocol: appProtocol(node))
    }

    mutating func endpoints(_ node: Node, _ metadata: ObjectMeta) -> Endpoints {
        Endpoints(
            metadata: metadata,
            subsets: parts("subsets", of: node) { reader, subset in
                guard reader.isObject(subset) else { return nil }
                return EndpointSubset(
                    ready: reader.addresses("addresses", of: subset),
                    notReady: reader.addresses("notReadyAddresses", of: subset),
                    ports: reader.parts("ports", of: subset) { reader, port in
                        reader.isObject(port) ? reader.endpointPort(port, number: reader.requiredPort("port", of: port)) : nil
                    })
            })
    }

    private mutating func addresses(_ name: String, of node: Node) -> [IPAddress] {
        parts(name, of: node) { reader, address in
            guard reader.isObject(address) else { return nil }
            if address["ip"].map(\.isNull) ?? true {
                reader.failMissing("ip", of: address, expected: "an IP address", example: "10.1.2.3")
            }
            return reader.field("ip", of: address) { $0.address($1, type: nil) }
        }
    }
}
