# shellcheck shell=bash
# Reads a Dockerfile. Sourced by Scripts/check-image.

# instructions FILE: one line for each instruction, without comments.
instructions() {
    awk '/^[[:space:]]*#/ { next }
        { line = line $0 }
        sub(/\\[[:space:]]*$/, " ", line) { next }
        line ~ /[^[:space:]]/ { print line }
        { line = "" }' "$1"
}

# last_stage: of instructions on standard input, those of the last stage.
last_stage() { awk '$1 == "FROM" { text = "" } { text = text $0 "\n" } END { printf "%s", text }'; }

# installed_packages: what the instructions on standard input install with apt-get.
installed_packages() {
    grep -oE 'apt-get install [^&;|]*' | tr -s '[:space:]' '\n' | grep -vE '^(apt-get|install|-.*)?$'
}
