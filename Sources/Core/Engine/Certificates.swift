/// The certificates of `spec.tls`, by the names they answer for.
struct Certificates {
    /// Where the certificate for clients that name no known host is, relative to the configuration directory.
    static let defaultPath = "certs/default.pem"

    let store: ObjectStore
    let options: EngineOptions
    let now: Int
    let refusals: Refusals

    private(set) var list = CertificateList()
    private var loadable: [ConfigurationFile] = []
    private(set) var findings: [Finding] = []
    private var owners: [String: (ingress: ObjectKey, path: String)] = [:]
    private var parsed: [ObjectKey: Result<CertificateBundle, CertificateError>] = [:]

    /// The certificates of the list. HAProxy loads no others, and can replace only what it has loaded.
    var files: [ConfigurationFile] { loadable.filter { list.entries[$0.path] != nil } }

    init(store: ObjectStore, options: EngineOptions, now: Int, refusals: Refusals) {
        self.store = store
        self.options = options
        self.now = now
        self.refusals = refusals
    }

    /// Adds the certificates of an Ingress; of two Ingresses that bring one for a host the older has it.
    mutating func add(_ ingress: Ingress, key: ObjectKey) {
        for (index, tls) in ingress.tls.enumerated() {
            guard let name = tls.secretName else { continue }
            let field = "spec.tls[\(index)].secretName"
            let secret = ObjectKey(.secret, namespace: key.namespace, name: name)
            guard let bundle = bundle(secret, for: key, field: field) else { continue }
            let path = "certs/frontend/\(secret.namespace)_\(secret.name).pem"
            for host in names(of: tls, ingress: ingress, bundle: bundle) {
                if let owner = owners[host], owner.path != path {
                    if owner.ingress != key {
                        findings.append(
                            Finding(
                                .warning, object: key, key: field, value: name,
                                "brings a certificate for \(host), for which the older \(owner.ingress) has one"))
                    }
                    continue
                }
                guard owners[host] == nil else { continue }
                owners[host] = (key, path)
                list.entries[path, default: []].append(host)
            }
        }
    }

    /// The default certificate: the ConfigMap's, else the command line's, else the self-signed one.
    mutating func defaultFile(configured: CertificateBundle?) -> ConfigurationFile {
        var content = options.fallbackCertificate
        if let configured {
            content = configured.pem
        } else if let name = options.defaultCertificate {
            let secret = ObjectKey(.secret, namespace: name.namespace, name: name.name)
            if let bundle = bundle(secret, for: secret, field: "--default-ssl-certificate") { content = bundle.pem }
        }
        return ConfigurationFile(path: Self.defaultPath, content: content, kind: .certificate)
    }

    /// `spec.tls[].hosts`; without them the hosts of the rules, and for rules without a host the names in the certificate.
    private func names(of tls: IngressTLS, ingress: Ingress, bundle: CertificateBundle) -> [String] {
        let hosts = tls.hosts.isEmpty ? ingress.rules.map { $0.host ?? "" } : tls.hosts
        let names = hosts.contains("") || hosts.isEmpty ? hosts.filter { !$0.isEmpty } + bundle.names : hosts
        return Set(names.filter { ($0.hasPrefix("*.") ? String($0.dropFirst(2)) : $0).isDNSSubdomain }).sorted()
    }

    private mutating func bundle(_ secret: ObjectKey, for object: ObjectKey, field: String) -> CertificateBundle? {
        let result: Result<CertificateBundle, CertificateError>
        if let known = parsed[secret] {
            result = known
        } else {
            guard let found = store.secrets[secret] else {
                findings.append(
                    Finding(.error, object: object, key: field, value: secret.name, "names a Secret that does not exist"))
                return nil
            }
            let path = "certs/frontend/\(secret.namespace)_\(secret.name).pem"
            var loaded = Result { () throws(CertificateError) in try CertificateBundle(secret: found) }
            if case .success(let bundle) = loaded,
                let reason = refusals.refusal(of: ConfigurationFile(path: path, content: bundle.pem, kind: .certificate))
            {
                loaded = .failure(.refused(reason))
            }
            result = loaded
            parsed[secret] = result
            if case .success(let bundle) = result {
                loadable.append(ConfigurationFile(path: path, content: bundle.pem, kind: .certificate))
                if let validity = bundle.validityProblem(now: now) {
                    findings.append(Finding(.warning, object: secret, key: "tls.crt", validity))
                }
            }
        }
        switch result {
        case .success(let bundle): return bundle
        case .failure(let error):
            findings.append(
                Finding(
                    .error, object: object, key: field, value: secret.name,
                    "names a Secret without a usable certificate: \(error)"))
            return nil
        }
    }
}

extension CertificateBundle {
    /// The certificate and key of a Secret of type kubernetes.io/tls.
    public init(secret: Secret) throws(CertificateError) {
        try self.init(certificate: secret.data["tls.crt"] ?? [], key: secret.data["tls.key"] ?? [])
    }

    /// What is wrong with the certificate's validity at a time, in seconds since 1970.
    func validityProblem(now: Int) -> String? {
        if now > notAfter { return "holds a certificate that has expired" }
        if now < notBefore { return "holds a certificate that is not valid yet" }
        return nil
    }
}
