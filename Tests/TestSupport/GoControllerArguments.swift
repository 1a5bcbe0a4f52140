/// Arguments that the Go project publishes for its controller (github.com/haproxytech/kubernetes-ingress): facts, as the kubelet
/// hands them over.
public enum GoControllerArguments {
    /// By the manifest that has them. `$(POD_NAMESPACE)` is what the kubelet puts there.
    public static let deployments: [String: [String]] = [
        "deploy/haproxy-ingress.yaml": ["--configmap=haproxy-controller/haproxy-kubernetes-ingress"],
        "deploy/haproxy-ingress.yaml of 1.5": [
            "--configmap=default/haproxy-configmap", "--default-ssl-certificate=default/tls-secret",
            "--default-backend-service=haproxy-controller/ingress-default-backend",
        ],
        "deploy/haproxy-ingress-daemonset.yaml": [
            "--configmap=default/haproxy-configmap", "--default-backend-service=haproxy-controller/ingress-default-backend",
        ],
        "deploy/tests/config/3.ingress-controller.yaml": [
            "--configmap=haproxy-controller/haproxy-kubernetes-ingress",
            "--configmap-tcp-services=haproxy-controller/haproxy-kubernetes-ingress-tcp",
            "--configmap-errorfiles=haproxy-controller/errorfiles", "--configmap-patternfiles=haproxy-controller/patternfiles",
            "--ingress.class=haproxy", "--sync-period=1s", "--pprof", "--prometheus",
        ],
    ]

    /// What the chart `kubernetes-ingress` of haproxytech/helm-charts makes of its values.
    public static let chart = [
        "--default-ssl-certificate=ingress/haproxy-kubernetes-ingress-default-cert",
        "--configmap=ingress/haproxy-kubernetes-ingress",
        "--http-bind-port=8080", "--https-bind-port=8443",
        "--default-backend-service=ingress/haproxy-kubernetes-ingress-default-backend", "--ingress.class=haproxy",
        "--publish-service=ingress/haproxy-kubernetes-ingress", "--log=info", "--namespace-whitelist=default",
        "--namespace-blacklist=kube-system",
    ]

    /// Flags that ask for nothing here, with values as its documentation and its program have them.
    public static let idle: [String: [String]] = [
        "--cache-resync-period": ["--cache-resync-period=10m"], "--channel-size": ["--channel-size=600"],
        "--custom-validation-rules": ["--custom-validation-rules=haproxy-controller/rules"],
        "--default-backend-port": ["--default-backend-port", "6061"],
        "--disable-writing-only-if-reload": ["--disable-writing-only-if-reload"],
        "--enable-custom-annotations-on-ingress": ["--enable-custom-annotations-on-ingress"],
        "--experimental": ["--experimental=use-ingress-merge,another"],
        "--gateway-controller-name": ["--gateway-controller-name=haproxy.org/gateway-controller"],
        "--initial-sync-period": ["--initial-sync-period=1m30s"], "--input-file": ["--input-file=old.yaml"],
        "--output-file": ["--output-file=new.yaml"], "--localpeer-port": ["--localpeer-port=10000"], "--pprof": ["-p"],
        "--with-pebble": ["--with-pebble"], "--with-s6-overlay": ["--with-s6-overlay"], "--with-gopherd": ["--with-gopherd"],
        "-t": ["-t"], "--namespace-selector-ready-timeout": ["--namespace-selector-ready-timeout=30s"],
        // In force there without a list of namespaces alone.
        "--namespace-label-selector": ["--namespace-label-selector=team=backend", "--namespace-whitelist=shop"],
    ]

    /// Flags that mean here what they mean there.
    public static let active = [
        "--configmap=a/b", "--configmap-tcp-services=a/b", "--configmap-errorfiles=a/b", "--configmap-patternfiles=a/b",
        "--default-backend-service=a/b", "--default-ssl-certificate=a/b", "--ingress.class=haproxy", "--empty-ingress-class",
        "--namespace-whitelist=a", "--namespace-blacklist=b", "--publish-service=a/b", "--disable-ipv4", "--disable-ipv6",
        "--ipv4-bind-address=10.0.0.1", "--ipv6-bind-address=::ffff:c0a8:5909", "--http-bind-port=80", "--https-bind-port=443",
        "--disable-http", "--disable-https", "--sync-period=10s", "--log=debug", "--external", "-e", "--program=/usr/bin/haproxy",
        "--config-dir=/tmp/etc", "--runtime-dir=/tmp/run", "--kubeconfig=/k", "--disable-config-snippets=all",
        "--disable-service-external-name", "--stats-bind-port=1025", "--healthz-bind-port=1043", "--quic-bind-port=8443",
        "--quic-announce-port=443", "--disable-quic", "--disable-ingress-status-update", "--prometheus", "--controller-port=6060",
        "--http-bind-thread=1-1", "--https-bind-thread=1-1", "--healthz-bind-thread=1-1", "--stats-bind-thread=1-1", "-v",
    ]
}
