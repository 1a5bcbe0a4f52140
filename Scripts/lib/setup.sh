# shellcheck shell=bash
# Installs what building and running needs. Sourced by the scripts beside this directory; $@ are further Debian packages.

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Debian packages that are not there are installed; elsewhere a sentence says what is needed.
install_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "This system is not Debian or Ubuntu: install the development files of libyaml, OpenSSL and libcurl, pkg-config, curl and HAProxy 2.6 or newer yourself, then run the swift commands in $0 by hand."
    fi
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "These Debian packages are missing, and there is no sudo to install them with: ${missing[*]}"
        sudo=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${sudo[@]}" apt-get update --quiet=2 || fail "apt-get update failed; the missing packages are: ${missing[*]}"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install ${missing[*]}"
}

require_swift() {
    command -v swift >/dev/null || fail "Swift is missing: install Swift 6.1 or newer from https://www.swift.org/install/linux/ and put it into PATH."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
    local major=${version% *} minor=${version#* }
    if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 1 ]; }; then
        [ -z "$version" ] || version="$major.$minor"
        fail "Swift ${version:-of an unknown version} is too old: install Swift 6.1 or newer from https://www.swift.org/install/linux/."
    fi
}

set_up() {
    require_swift
    install_packages libyaml-dev libssl-dev libcurl4-openssl-dev pkg-config haproxy curl "$@"
}
