/// The certificate for clients that name no known host, and further ones that are listed with their names.
struct DefaultCertificates {
    /// What is listed now.
    var listed: Set<String> = []
    var findings: [Finding] = []
    /// Whether what is listed is what the operator wants now.
    var areListed = false
    /// The command line's Secret, read once.
    var commandLine: ObjectPlan?

    static func file(_ pem: [UInt8]) -> ConfigurationFile {
        ConfigurationFile(path: CertificateList.defaultCertificate, content: pem, kind: .certificate)
    }
}

extension AssemblyTables {
    /// Reconciles who has which host, and lists the default certificate for the names that nobody has.
    mutating func reconcileCertificates(_ context: Context) {
        let bundles = defaultBundles(context.base)
        let defaultNames = Set(bundles.flatMap(\.names).filter(CertificateClaim.isName))
        let changes = certificates.reconcile(findings: &findings, owners: hosts, defaultNames: defaultNames)
        for (path, file) in changes {
            files.set(path, to: file)
            touched.certificates.insert(path)
        }
        if !changes.isEmpty || !defaultCertificates.areListed { listDefaults(bundles, context) }
    }

    /// Shows the ConfigMap's default certificate, else the command line's, else the self-signed one. HAProxy shows only one to
    /// clients that name no known host; where there is a second with another kind of key, or unknown hosts are not served, the
    /// certificates are listed with their names too.
    private mutating func listDefaults(_ wanted: [CertificateBundle], _ context: Context) {
        let refusals = context.refusals
        findings.remove(defaultCertificates.findings)
        (defaultCertificates.findings, defaultCertificates.areListed) = ([], true)
        // RSA is what every client can verify.
        var bundles = wanted.filter { $0.keyAlgorithm == .rsa } + wanted.filter { $0.keyAlgorithm != .rsa }
        while let first = bundles.first, let reason = refusals.refusal(of: DefaultCertificates.file(first.pem)) {
            defaultCertificates.findings.append(
                Finding(.error, "HAProxy cannot load the default certificate for \(first.subject): \(reason)"))
            bundles.removeFirst()
        }
        var listed: [String: (names: [String], file: ConfigurationFile)] = [:]
        if context.base.global.listsDefaultCertificate || bundles.count > 1 {
            let all = Set(bundles.flatMap(\.names))
            for (index, bundle) in bundles.enumerated() {
                let path = "certs/default_\(bundle.keyAlgorithm.rawValue).pem"
                let file = ConfigurationFile(path: path, content: bundle.pem, kind: .certificate)
                let names = (index == 0 ? all : Set(bundle.names)).filter {
                    CertificateClaim.isName($0) && !certificates.isHeld($0)
                }
                guard !names.isEmpty, listed[path] == nil, refusals.refusal(of: file) == nil else { continue }
                listed[path] = (names.sorted(), file)
            }
        }
        for path in defaultCertificates.listed.union(listed.keys) {
            certificates.listDefault(path, names: listed[path]?.names)
            files.set(path, to: listed[path]?.file)
            touched.certificates.insert(path)
        }
        defaultCertificates.listed = Set(listed.keys)
        files.set(
            CertificateList.defaultCertificate,
            to: DefaultCertificates.file(bundles.first?.pem ?? context.options.fallbackCertificate))
        findings.add(defaultCertificates.findings)
    }

    /// The operator's default certificates, of the ConfigMap or else of the command line.
    private func defaultBundles(_ base: GlobalPlan) -> [CertificateBundle] {
        guard base.global.defaultCertificates.isEmpty else { return base.global.defaultCertificates }
        return defaultCertificates.commandLine?.certificates.secrets.flatMap(\.loaded.certificates).map(\.bundle) ?? []
    }
}
