extension RouteTable.Decision {
    /// Why a claim of the place is not in force; nil where nobody has to know.
    func finding(about claim: RouteClaim) -> Finding? { refusal(of: claim) ?? conflict(of: claim) }

    /// Another namespace decides.
    private func refusal(of claim: RouteClaim) -> Finding? {
        guard let ingress = claim.ingress else { return nil }
        if claim.isHostWide, let owner = reasons.hostOwner, owner.namespace != ingress.namespace {
            // One finding tells of passthrough.
            guard claim.order.rank != .passthroughRest else { return nil }
            return claim.place.map == "sni"
                ? Finding(
                    .error, object: ingress,
                    "asks for ssl-passthrough of host \(claim.host), about which the older \(owner) decides, so that this route of the host is closed",
                    expected: "a host of the namespace's own, or --host-ownership shared")
                : Finding(
                    .warning, object: ingress, key: "spec.defaultBackend",
                    "would take the rest of host \(claim.host), about which the older \(owner) decides",
                    expected: "a path of its own, or --host-ownership shared")
        }
        guard let holder = reasons.holder, holder.namespace != ingress.namespace, let condition = claim.condition
        else { return nil }
        return Finding(
            .error, object: ingress,
            "takes requests for \(claim.whereabouts) that match \(condition.origin.key ?? "a condition"), where the older \(holder) of another namespace has all of them",
            expected: "a path of its own, or --host-ownership shared")
    }

    /// Another claim came first.
    private func conflict(of claim: RouteClaim) -> Finding? {
        guard let ingress = claim.ingress, claim.order.rank != .passthroughRest,
            let holder = owner.map({ $0.ingress ?? $0.service }) ?? reasons.holder
        else { return nil }
        // A second path of a passed-through host, or a default backend beside the rule for "/", is no conflict.
        guard holder != ingress || (claim.place.map != "sni" && claim.pathType != nil) else { return nil }
        return Finding(
            .warning, object: ingress,
            holder == ingress
                ? "has two rules for \(claim.whereabouts); the first is in force"
                : "claims \(claim.whereabouts), which the older \(holder) has")
    }
}

extension RouteClaim {
    /// The place, in words.
    fileprivate var whereabouts: String { "\(host.isEmpty ? "any host" : "host \(host)"), path \(path)" }
}
