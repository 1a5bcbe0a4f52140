extension Planner {
    /// Reads the ConfigMap of `--configmap-tcp-services`.
    func planTCPServices() -> ObjectPlan? {
        guard let object = options.tcpServicesConfigMap?.configMapKey else { return nil }
        var plan = ObjectPlan(.tcpServices)
        guard let configMap = store.configMaps[object] else {
            plan.findings = [
                Finding(.warning, object: object, "does not exist; --configmap-tcp-services names it", missing: object)
            ]
            return plan
        }
        let taken = options.listeners
        let format = logFormat(configMap.data[TCPService.logFormatKey], object: object, in: &plan)
        for (key, value) in configMap.data where key != TCPService.logFormatKey {
            let service: TCPService
            do {
                service = try TCPService(
                    key: key, value: value, taken: taken, refusal: refusals.refusal(of: object, key: key, value: value))
            } catch {
                plan.findings.append(error.finding(object: object, key: key, value: value))
                continue
            }
            plan.tcpServices.append(
                PlannedTCPService(service: service, origin: Origin(object: object, key: key), logFormat: format))
            let context = RouteContext(
                ingress: nil, service: service.service, hostHasTLS: false, externalName: services.externalName(service.service),
                isTCPService: true)
            let planned = self.plan(context, ingressSet: nil, in: &plan)
            plan.routes.append(
                PlannedRoute(
                    order: ClaimOrder(rank: .tcpService, created: "", object: object, index: service.port),
                    place: RoutingPlace(map: SectionNames.tcpServicesMap, key: String(service.port)), host: "", path: "",
                    pathType: nil, port: service.servicePort, planned: planned,
                    subject: Finding(
                        .error, object: object, key: key, value: value, "", expected: "a Service and a port that exist",
                        example: TCPService.example)))
        }
        plan.tcpServices.sort { $0.service.port < $1.service.port }
        return plan
    }

    /// The format of log lines about connections of TCP services, as the Go controller reads it from their ConfigMap.
    private func logFormat(_ value: String?, object: ObjectKey, in plan: inout ObjectPlan) -> Traced<Directive>? {
        guard let value else { return nil }
        func problem(_ message: String) -> Finding {
            Finding(
                .error, object: object, key: TCPService.logFormatKey, value: value, message,
                expected: "a log format of HAProxy's on one line", example: "%ci:%cp %b/%s %Tt %B")
        }
        if let reason = refusals.refusal(of: object, key: TCPService.logFormatKey, value: value) {
            plan.findings.append(problem("is refused by HAProxy: \(reason)"))
            return nil
        }
        do {
            let format = try ValueType<String>.line.value(value.trimmingWhitespace)
            return Traced("log-format \(format)", origin: Origin(object: object, key: TCPService.logFormatKey))
        } catch {
            plan.findings.append(problem((error as? ValueError)?.message ?? "\(error)"))
            return nil
        }
    }
}
