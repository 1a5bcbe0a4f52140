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
            ports: elements("ports", of: node) { reader, port in
                reader.isObject(port) ? reader.endpointPort(port, number: reader.port("port", of: port)) : nil
            },
            endpoints: elements("endpoints", of: node) { $0.endpoint($1, type: type) })
    }

    private mutating func endpoint(_ node: Node, type: EndpointSlice.AddressType) -> Endpoint? {
        guard isObject(node) else { return nil }
        let addresses = elements("addresses", of: node) { $0.string($1) { ObjectValidation.address($0, type: type) } }
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
            addresses: addresses, isReady: isReady ?? true, isServing: isServing, isTerminating: isTerminating ?? false)
    }

    private mutating func endpointPort(_ node: Node, number: Int?) -> EndpointPort {
        let name = string("name", of: node) { $0.isEmpty ? nil : ObjectValidation.label($0) }
        return EndpointPort(name: name.flatMap { $0.isEmpty ? nil : $0 }, port: number, protocol: protocolName(node))
    }

    mutating func endpoints(_ node: Node, _ metadata: ObjectMeta) -> Endpoints {
        Endpoints(
            metadata: metadata,
            subsets: elements("subsets", of: node) { reader, subset in
                guard reader.isObject(subset) else { return nil }
                return EndpointSubset(
                    addresses: reader.addresses("addresses", of: subset),
                    notReadyAddresses: reader.addresses("notReadyAddresses", of: subset),
                    ports: reader.elements("ports", of: subset) { reader, port in
                        reader.isObject(port) ? reader.endpointPort(port, number: reader.requiredPort("port", of: port)) : nil
                    })
            })
    }

    private mutating func addresses(_ name: String, of node: Node) -> [String] {
        elements(name, of: node) { reader, address in
            guard reader.isObject(address) else { return nil }
            if address["ip"].map(\.isNull) ?? true {
                reader.failMissing("ip", of: address, expected: "an IP address", example: "10.1.2.3")
            }
            return reader.string("ip", of: address, check: ObjectValidation.ipAddress)
        }
    }
}
