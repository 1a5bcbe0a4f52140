/// The usable certificates of a Secret, and what is wrong with the others.
struct LoadedSecret {
    var certificates: [(file: ConfigurationFile, bundle: CertificateBundle)] = []
    /// To be told to each object that names the Secret.
    var problems: [String] = []
    /// About the Secret itself.
    var warnings: [Finding] = []
    /// When a certificate begins or ceases to be valid next, in seconds since 1970.
    var nextValidityChange = Int.max
}

extension Planner {
    /// The certificates of a Secret; what is wrong with it is told to the object that names it.
    func certificates(of key: ObjectKey, for object: ObjectKey, field: String, in plan: inout ObjectPlan) -> LoadedSecret {
        guard let secret = objects.secret(key) else {
            plan.findings.append(
                Finding(
                    .error, object: object, key: field, value: key.name, "names a Secret that does not exist", missing: key))
            return LoadedSecret()
        }
        if let reason = refusals.refusal(of: key) {
            plan.findings.append(
                Finding(.error, object: object, key: field, value: key.name, "names a Secret that HAProxy refuses: \(reason)"))
            return LoadedSecret()
        }
        let known = plan.certificates.secrets.first { $0.key == key }?.loaded
        let loaded = known ?? loadedSecrets(key) ?? load(secret, key: key)
        plan.certificates.secrets.append((key, loaded))
        plan.findings += loaded.problems.map { problem in
            Finding(
                .error, object: object, key: field, value: key.name,
                "names a Secret without a usable certificate: \(problem)")
        }
        return loaded
    }

    private func load(_ secret: Secret, key: ObjectKey) -> LoadedSecret {
        var result = LoadedSecret()
        func file(_ part: SecretPart, _ bundle: CertificateBundle) -> ConfigurationFile {
            let suffix = part == SecretPart.tls ? "" : "_\(part.rawValue)"
            let path = "certs/frontend/" + ReaderLimits.fileName([key.namespace, key.name], suffix: "\(suffix).pem")
            return ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
        }
        let refusals = refusals
        let found = objects.certificates.certificates(of: key, secret) { refusals.refusal(of: file($0, $1)) }
        result.problems = found.problems
        for (part, bundle) in found.usable {
            result.certificates.append((file(part, bundle), bundle))
            if let validity = bundle.validityProblem(now: now) {
                result.warnings.append(Finding(.warning, object: key, key: "\(part.rawValue).crt", validity))
            }
            result.nextValidityChange = min(result.nextValidityChange, bundle.nextValidityChange(after: now))
        }
        return result
    }
}
