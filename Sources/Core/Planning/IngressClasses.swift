/// Decides which Ingresses are ours.
struct IngressClasses {
    let registry: AnnotationRegistry
    let options: EngineOptions
    let classes: [String: IngressClass]

    enum Verdict: Equatable {
        case ours
        case another
        /// The class that the Ingress names does not exist.
        case missing(String)
    }

    /// - Parameter named: the class that an ``IngressSelection`` annotation names.
    func verdict(on ingress: Ingress, named: String?) -> Verdict {
        if let named {
            if let flag = options.ingressClass { return named == flag ? .ours : .another }
            guard let ingressClass = classes[named] else { return options.assumesMissingClassesAreOurs ? .ours : .another }
            return isOurs(ingressClass) ? .ours : .another
        }
        if let name = ingress.ingressClassName {
            guard let ingressClass = classes[name] else { return options.assumesMissingClassesAreOurs ? .ours : .missing(name) }
            return isOurs(ingressClass) ? .ours : .another
        }
        if let standard = classes.values.filter(\.isDefault).min(by: { $0.metadata.name < $1.metadata.name }) {
            return isOurs(standard) || options.acceptsEmptyIngressClass ? .ours : .another
        }
        return options.ingressClass == nil || options.acceptsEmptyIngressClass ? .ours : .another
    }

    /// Whether a class object is for this controller: its controller name has our suffix, or none and no class or this one was asked for.
    private func isOurs(_ ingressClass: IngressClass) -> Bool {
        switch options.ingressClass {
        case nil: ingressClass.controller == EngineOptions.controllerName
        case let flag?:
            ingressClass.controller == "\(EngineOptions.controllerName)/\(flag)"
                || (ingressClass.controller == EngineOptions.controllerName && ingressClass.metadata.name == flag)
        }
    }
}
