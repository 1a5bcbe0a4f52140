/// The certificate for clients that name no known host, and further ones that are listed with their names.
struct DefaultCertificates {
    /// What is listed now.
    var listed: Set<String> = []
    var findings: [Finding] = []
    /// The command line's Secret, read once.
    var fromCommandLine: [CertificateBundle]?
    /// Whether what is listed is what the operator wants now.
    var areListed = false
    /// What names that Secret, while it is in use.
    var commandLine: Unit?

    static func file(_ pem: [UInt8]) -> ConfigurationFile {
        ConfigurationFile(path: CertificateTable.defaultPath, content: pem, kind: .certificate)
    }

    /// Whether clients can ask for a name, or for names that a wildcard stands for.
    static func isName(_ host: String) -> Bool {
        (host.hasPrefix("*.") ? String(host.dropFirst(2)) : host).isDNSSubdomain
    }
}

extension LiveAssembly {
    /// The certificates of a Secret; what is wrong with it is told to whoever names it.
    func certificates(
        of key: ObjectKey, for object: ObjectKey, field: String, unit: Unit
    ) -> [(file: ConfigurationFile, bundle: CertificateBundle)] {
        guard let secret = objects.secret(key) else {
            unit.findings.append(
                Finding(
                    .error, object: object, key: field, value: key.name, "names a Secret that does not exist", missing: key))
            return []
        }
        if let reason = refusals.refusal(of: key) {
            unit.findings.append(
                Finding(.error, object: object, key: field, value: key.name, "names a Secret that HAProxy refuses: \(reason)"))
            return []
        }
        let loaded = certificates.use(key, { load(secret, key: key) }, findings: &findings)
        unit.certificateSecrets.append(key)
        unit.findings += loaded.problems.map { problem in
            Finding(
                .error, object: object, key: field, value: key.name,
                "names a Secret without a usable certificate: \(problem)")
        }
        return loaded.certificates
    }

    private func load(_ secret: Secret, key: ObjectKey) -> CertificateTable.LoadedSecret {
        var result = CertificateTable.LoadedSecret()
        func file(_ part: SecretPart, _ bundle: CertificateBundle) -> ConfigurationFile {
            let suffix = part == SecretPart.tls ? "" : "_\(part.rawValue)"
            let path = "certs/frontend/" + ReaderLimits.fileName([key.namespace, key.name], suffix: "\(suffix).pem")
            return ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
        }
        let found = objects.certificates.certificates(of: key, secret) { [refusals] in refusals.refusal(of: file($0, $1)) }
        result.problems = found.problems
        for (part, bundle) in found.usable {
            result.certificates.append((file(part, bundle), bundle))
            if let validity = bundle.validityProblem(now: now) {
                result.warnings.append(Finding(.warning, object: key, key: "\(part.rawValue).crt", validity))
            }
            base.nextValidityChange = min(base.nextValidityChange, bundle.nextValidityChange(after: now))
        }
        return result
    }

    /// Settles who has which host, and lists the default certificate for the names that nobody has.
    func settleCertificates() {
        let defaultNames = Set(defaultBundles().flatMap(\.names).filter(DefaultCertificates.isName))
        let changes = certificates.settle(findings: &findings, owners: hosts, defaultNames: defaultNames)
        for (path, file) in changes {
            files.set(path, to: file)
            touchedCertificates.insert(path)
        }
        if !changes.isEmpty || !defaults.areListed { listDefaults() }
    }

    /// Shows the ConfigMap's default certificate, else the command line's, else the self-signed one. HAProxy shows only one to
    /// clients that name no known host; where there is a second with another kind of key, or unknown hosts are not served, the
    /// certificates are listed with their names too.
    private func listDefaults() {
        findings.remove(defaults.findings)
        (defaults.findings, defaults.areListed) = ([], true)
        var bundles = defaultBundles()
        // RSA is what every client can verify.
        bundles = bundles.filter { $0.keyAlgorithm == .rsa } + bundles.filter { $0.keyAlgorithm != .rsa }
        while let first = bundles.first, let reason = refusals.refusal(of: DefaultCertificates.file(first.pem)) {
            defaults.findings.append(
                Finding(.error, "HAProxy cannot load the default certificate for \(first.subject): \(reason)"))
            bundles.removeFirst()
        }
        var listed: [String: (names: [String], file: ConfigurationFile)] = [:]
        if base.global.listsDefaultCertificate || bundles.count > 1 {
            let all = Set(bundles.flatMap(\.names))
            for (index, bundle) in bundles.enumerated() {
                let path = "certs/default_\(bundle.keyAlgorithm.rawValue).pem"
                let file = ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
                let names = (index == 0 ? all : Set(bundle.names)).filter {
                    DefaultCertificates.isName($0) && !certificates.isHeld($0)
                }
                guard !names.isEmpty, listed[path] == nil, refusals.refusal(of: file) == nil else { continue }
                listed[path] = (names.sorted(), file)
            }
        }
        for path in defaults.listed.union(listed.keys) {
            certificates.listDefault(path, names: listed[path]?.names)
            files.set(path, to: listed[path]?.file)
            touchedCertificates.insert(path)
        }
        defaults.listed = Set(listed.keys)
        files.set(CertificateTable.defaultPath, to: DefaultCertificates.file(bundles.first?.pem ?? options.fallbackCertificate))
        findings.add(defaults.findings)
    }

    /// The operator's default certificates, of the ConfigMap or else of the command line.
    private func defaultBundles() -> [CertificateBundle] {
        guard base.global.defaultCertificates.isEmpty else { return base.global.defaultCertificates }
        return commandLineBundles()
    }

    private func commandLineBundles() -> [CertificateBundle] {
        if let known = defaults.fromCommandLine { return known }
        var bundles: [CertificateBundle] = []
        if let key = options.defaultCertificate?.secretKey {
            // Another Secret makes a new base, so what is found here holds until then.
            base.secrets.insert(key)
            rebuiltSecrets.insert(key)
            let unit = Unit(.operatorDefault)
            bundles = certificates(of: key, for: key, field: "--default-ssl-certificate", unit: unit).map(\.bundle)
            findings.add(unit.findings)
            defaults.commandLine = unit
        }
        defaults.fromCommandLine = bundles
        return bundles
    }

    /// Forgets the command line's Secret until somebody asks for it again.
    func giveBackCommandLineCertificate() {
        if let unit = defaults.commandLine {
            findings.remove(unit.findings)
            for secret in unit.certificateSecrets { certificates.giveBack(secret, findings: &findings) }
        }
        (defaults.commandLine, defaults.fromCommandLine, defaults.areListed) = (nil, nil, false)
    }
}
