# shellcheck shell=bash
# shellcheck disable=SC2154
# Certificates and kubeconfigs of a cluster. Sourced by cluster, which sets dir, keys and port.

make_keys() {
    mkdir -p "$keys"
    chmod 700 "$keys"
    # The API server reads public keys out of PKCS #8 for RSA only.
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$keys/accounts.key" 2>/dev/null
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test-cluster \
        -keyout "$keys/ca.key" -out "$keys/ca.crt" 2>/dev/null
    new_certificate api /CN=kube-apiserver 'extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc'
    new_certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
    touch "$keys/complete"
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/$1.key" 2>/dev/null; }

# new_certificate FILE SUBJECT EXTENSIONS
new_certificate() {
    new_key "$1"
    openssl req -new -key "$keys/$1.key" -subj "$2" 2>/dev/null |
        openssl x509 -req -CA "$keys/ca.crt" -CAkey "$keys/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 \
            -extfile <(printf '%s\n' "$3") -out "$keys/$1.crt" 2>/dev/null
}

# write_kubeconfig FILE USER: into DIR/FILE.kubeconfig; the certificate says who that is.
write_kubeconfig() {
    [ -f "$keys/$1.crt" ] || new_certificate "$1" "/CN=$2" extendedKeyUsage=clientAuth
    (
        umask 077
        cat >"$dir/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: test
    cluster:
      server: https://127.0.0.1:$port
      certificate-authority-data: $(base64 --wrap 0 "$keys/ca.crt")
users:
  - name: $1
    user:
      client-certificate-data: $(base64 --wrap 0 "$keys/$1.crt")
      client-key-data: $(base64 --wrap 0 "$keys/$1.key")
contexts:
  - name: test
    context: {cluster: test, user: $1}
current-context: test
YAML
    )
}
