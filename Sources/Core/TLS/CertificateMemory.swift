/// The certificates that Secrets had, as far as they could be used: an update that breaks a Secret leaves its last good certificate
/// in force. A Secret that is deleted is forgotten, and a controller that starts knows nothing.
struct CertificateMemory: Equatable {
    /// The last form may turn out to be one that HAProxy cannot load, and so may the form that comes next.
    private static let depth = 3

    /// How long RSA keys may be.
    var maximumRSABits = ResourceLimits.Name.rsaBits.usual
    /// The newest form first.
    private var forms: [ObjectKey: [SecretPart: [CertificateBundle]]] = [:]

    /// What a Secret gives.
    struct Certificates {
        var usable: [(part: SecretPart, bundle: CertificateBundle)] = []
        /// What is wrong with parts of it, and what is shown in their place.
        var problems: [String] = []
    }

    mutating func forget(_ secret: ObjectKey) { forms[secret] = nil }

    /// A version of a Secret is taken back: what was learned from it has never been in force.
    mutating func unlearn(_ key: ObjectKey, _ secret: Secret) {
        for part in SecretPart.allCases {
            guard let known = forms[key]?[part],
                case .success(let bundle) = CertificateBundle.read(part, of: secret, maximumRSABits),
                known.first == bundle
            else { continue }
            forms[key]?[part] = Array(known.dropFirst())
        }
    }

    /// Forgets the Secrets that nobody uses.
    mutating func forget(except isUsed: (ObjectKey) -> Bool) { forms = forms.filter { isUsed($0.key) } }

    /// The certificates of a Secret that can be used. In place of one that is broken now it is the last one that was not.
    ///
    /// - Parameters:
    ///   - parts: the parts that are looked at; nil for all that there are.
    ///   - refusal: why HAProxy cannot load a certificate, where that is known.
    mutating func certificates(
        of key: ObjectKey, _ secret: Secret, parts: [SecretPart]? = nil, refusal: (SecretPart, CertificateBundle) -> String?
    ) -> Certificates {
        var result = Certificates()
        let found =
            parts.map { parts in parts.map { ($0, CertificateBundle.read($0, of: secret, maximumRSABits)) } }
            ?? CertificateBundle.all(in: secret, maximumRSABits: maximumRSABits)
        let known = forms[key] ?? [:]
        func last(_ part: SecretPart) -> CertificateBundle? { known[part]?.first { refusal(part, $0) == nil } }
        for (part, bundle) in found {
            let error: CertificateError
            switch bundle {
            case .failure(let problem): error = problem
            case .success(let bundle):
                remember(bundle, part, of: key)
                guard let reason = refusal(part, bundle) else {
                    result.usable.append((part, bundle))
                    continue
                }
                error = .refused(reason)
            }
            let kept = last(part)
            if let kept { result.usable.append((part, kept)) }
            result.problems.append(
                error.description(of: part)
                    + (kept == nil ? "" : "; the last certificate that could be used stays in force while this controller runs"))
        }
        guard result.usable.isEmpty, parts == nil else { return result }
        // Nothing in it says which parts there were to be.
        for part in SecretPart.allCases { if let kept = last(part) { result.usable.append((part, kept)) } }
        if !result.usable.isEmpty {
            result.problems.append("the last certificates that could be used stay in force while this controller runs")
        }
        return result
    }

    private mutating func remember(_ bundle: CertificateBundle, _ part: SecretPart, of key: ObjectKey) {
        guard forms[key]?[part]?.first != bundle else { return }
        forms[key, default: [:]][part] = [bundle] + (forms[key]?[part] ?? []).prefix(Self.depth - 1)
    }
}
