/// The certificates of `spec.tls`, by the names they answer for.
struct Certificates {
    /// Where the certificate for clients that name no known host is, relative to the configuration directory.
    static let defaultPath = "certs/default.pem"

    private let secret: (ObjectKey) -> Secret?
    let options: EngineOptions
    let now: Int
    let refusals: Refusals

    private(set) var list = CertificateList()
    private var loadable: [ConfigurationFile] = []
    private(set) var findings: [Finding] = []
    private var holders: [String: Holder] = [:]
    private var loaded: [ObjectKey: LoadedSecret] = [:]

    /// Who has a host: the first Ingress that brought a certificate for it, and the certificates by the kind of their keys.
    private struct Holder {
        let ingress: ObjectKey
        var paths: [KeyAlgorithm: String]
    }

    private struct LoadedSecret {
        var certificates: [(path: String, bundle: CertificateBundle)] = []
        var problems: [String] = []
    }

    /// The certificates of the list. HAProxy loads no others, and can replace only what it has loaded.
    var files: [ConfigurationFile] { loadable.filter { list.entries[$0.path] != nil } }

    init(secret: @escaping (ObjectKey) -> Secret?, options: EngineOptions, now: Int, refusals: Refusals) {
        self.secret = secret
        self.options = options
        self.now = now
        self.refusals = refusals
    }

    /// Adds the certificates of an Ingress. A host can have one for each kind of key, of which HAProxy shows what the client
    /// can verify; they come from one namespace. Of two Ingresses that bring the same kind the older has the host.
    mutating func add(_ ingress: Ingress, key: ObjectKey) {
        for (index, tls) in ingress.tls.enumerated() {
            guard let name = tls.secretName else { continue }
            let field = "spec.tls[\(index)].secretName"
            let secret = ObjectKey(.secret, namespace: key.namespace, name: name)
            for (path, bundle) in certificates(of: secret, for: key, field: field) {
                for host in names(of: tls, ingress: ingress, bundle: bundle) {
                    guard let owner = claim(host, path: path, algorithm: bundle.keyAlgorithm, for: key) else { continue }
                    findings.append(
                        Finding(
                            .warning, object: key, key: field, value: name,
                            "brings a certificate for \(host), for which the older \(owner) has one"))
                }
            }
        }
    }

    /// - Returns: the other Ingress that has the host.
    private mutating func claim(_ host: String, path: String, algorithm: KeyAlgorithm, for ingress: ObjectKey) -> ObjectKey? {
        if let holder = holders[host] {
            guard !holder.paths.values.contains(path) else { return nil }
            guard holder.paths[algorithm] == nil, holder.ingress.namespace == ingress.namespace else {
                return holder.ingress == ingress ? nil : holder.ingress
            }
        }
        holders[host, default: Holder(ingress: ingress, paths: [:])].paths[algorithm] = path
        list.entries[path, default: []].append(host)
        return nil
    }

    /// Adds the default certificate: the ConfigMap's, else the command line's, else the self-signed one. HAProxy shows only
    /// one to clients that name no known host; where there is a second with another kind of key, or unknown hosts are not
    /// served, the certificates are listed with their names too.
    ///
    /// - Returns: the file that is shown to clients that name no known host.
    mutating func addDefault(configured: [CertificateBundle], listsNames: Bool) -> ConfigurationFile {
        var bundles = configured
        if bundles.isEmpty, let name = options.defaultCertificate {
            let secret = ObjectKey(.secret, namespace: name.namespace, name: name.name)
            bundles = certificates(of: secret, for: secret, field: "--default-ssl-certificate").map(\.bundle)
        }
        // RSA is what every client can verify.
        bundles = bundles.filter { $0.keyAlgorithm == .rsa } + bundles.filter { $0.keyAlgorithm != .rsa }
        while let first = bundles.first, let reason = refusals.refusal(of: Self.defaultFile(first.pem)) {
            findings.append(Finding(.error, "HAProxy cannot load the default certificate for \(first.subject): \(reason)"))
            bundles.removeFirst()
        }
        if listsNames || bundles.count > 1 {
            let all = Set(bundles.flatMap(\.names))
            for (index, bundle) in bundles.enumerated() {
                let path = "certs/default_\(bundle.keyAlgorithm.rawValue).pem"
                let file = ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
                let names = (index == 0 ? all : Set(bundle.names)).filter { Self.isName($0) && !isHeld($0) }
                guard !names.isEmpty, list.entries[path] == nil, refusals.refusal(of: file) == nil else { continue }
                list.entries[path] = names.sorted()
                loadable.append(file)
            }
        }
        return Self.defaultFile(bundles.first?.pem ?? options.fallbackCertificate)
    }

    private static func defaultFile(_ pem: [UInt8]) -> ConfigurationFile {
        ConfigurationFile(path: defaultPath, content: pem, kind: .certificate)
    }

    /// Whether an Ingress has the host, by its name or by a wildcard.
    private func isHeld(_ host: String) -> Bool {
        holders[host] != nil || host.firstIndex(of: ".").map { holders["*" + host[$0...]] != nil } ?? false
    }

    /// Whether clients can ask for a name, or for names that a wildcard stands for.
    private static func isName(_ host: String) -> Bool {
        (host.hasPrefix("*.") ? String(host.dropFirst(2)) : host).isDNSSubdomain
    }

    /// `spec.tls[].hosts`; without them the hosts of the rules, and for rules without a host the names in the certificate.
    private func names(of tls: IngressTLS, ingress: Ingress, bundle: CertificateBundle) -> [String] {
        let hosts = tls.hosts.isEmpty ? ingress.rules.map { $0.host ?? "" } : tls.hosts
        let names = hosts.contains("") || hosts.isEmpty ? hosts.filter { !$0.isEmpty } + bundle.names : hosts
        return Set(names.filter(Self.isName)).sorted()
    }

    /// The certificates of a Secret; what is wrong with it is told to whoever names it.
    private mutating func certificates(
        of secret: ObjectKey, for object: ObjectKey, field: String
    ) -> [(path: String, bundle: CertificateBundle)] {
        guard let found = self.secret(secret) else {
            findings.append(
                Finding(.error, object: object, key: field, value: secret.name, "names a Secret that does not exist"))
            return []
        }
        let result = loaded[secret] ?? load(found, key: secret)
        loaded[secret] = result
        for problem in result.problems {
            findings.append(
                Finding(
                    .error, object: object, key: field, value: secret.name,
                    "names a Secret without a usable certificate: \(problem)"))
        }
        return result.certificates
    }

    private mutating func load(_ secret: Secret, key: ObjectKey) -> LoadedSecret {
        var result = LoadedSecret()
        for (part, bundle) in CertificateBundle.all(in: secret) {
            let suffix = part == SecretPart.tls ? "" : "_\(part.rawValue)"
            let path = "certs/frontend/\(key.namespace)_\(key.name)\(suffix).pem"
            switch bundle {
            case .failure(let error): result.problems.append(error.description(of: part))
            case .success(let bundle):
                let file = ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
                if let reason = refusals.refusal(of: file) {
                    result.problems.append(CertificateError.refused(reason).description(of: part))
                    continue
                }
                result.certificates.append((path, bundle))
                loadable.append(file)
                if let validity = bundle.validityProblem(now: now) {
                    findings.append(Finding(.warning, object: key, key: "\(part.rawValue).crt", validity))
                }
            }
        }
        return result
    }
}
