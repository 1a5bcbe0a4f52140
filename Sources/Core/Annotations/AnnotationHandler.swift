/// An annotation: a type that states its keys, holds one valid setting of them, and contributes what the setting means.
///
/// The life of a handler, for each place where its keys can be in force:
/// 1. the engine resolves scopes and calls ``init(_:)``; the handler reads its keys with `values[Self.key]` and becomes the
///    typed setting - or nil when the feature is not in use, or an error when it cannot be what was asked;
/// 2. the engine calls `contribute(to:)` of the ability that the handler conforms to: ``RouteAnnotation``,
///    ``GlobalAnnotation`` or ``IngressSelection``.
///
/// A handler registers itself by existing: the RegisterAnnotations plug-in finds the types of a target that state one of these
/// conformances. See Docs/adding-an-annotation.md.
public protocol AnnotationHandler: Sendable {
    static var reference: AnnotationReference { get }

    /// The setting that the values ask for; nil when the feature is not in use.
    ///
    /// - Throws: ``AnnotationError`` when the values do not go together.
    init?(_ values: AnnotationValues) throws
}

/// A handler whose setting belongs to routes: each (Ingress, Service) pair has one, resolved default <- ConfigMap <- Ingress <- Service.
public protocol RouteAnnotation: AnnotationHandler {
    /// - Throws: ``AnnotationError`` when something that the setting needs is missing, such as a Secret.
    func contribute(to route: inout RouteContribution) throws
}

/// A route's handler that decides how the route is made, such as TLS passthrough: it contributes before all others, so that
/// they can ask the contribution what kind of route it is. One that is a protection and cannot be built leaves the route out:
/// requests go where they would go without it.
public protocol RoutingAnnotation: RouteAnnotation {}

/// A handler whose setting belongs to the whole HAProxy: it is resolved once, default <- ConfigMap.
public protocol GlobalAnnotation: AnnotationHandler {
    /// - Throws: ``AnnotationError`` when something that the setting needs is missing, such as a Secret.
    func contribute(to global: inout GlobalContribution) throws

    /// What is closed, so that every request is answered with 503, when the handler is a protection that cannot be built.
    static var protectedFrontends: Set<GlobalContribution.Frontend> { get }
}

extension GlobalAnnotation {
    public static var protectedFrontends: Set<GlobalContribution.Frontend> { [.http, .https] }
}

/// A handler that decides which controller an Ingress belongs to.
public protocol IngressSelection: AnnotationHandler {
    /// The class that the Ingress names, in place of `spec.ingressClassName`.
    var className: String { get }
}
