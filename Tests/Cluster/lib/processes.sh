# shellcheck shell=bash
# shellcheck disable=SC2154
# Processes that outlive the script. Sourced by cluster, which sets dir.

# A port on loopback that nobody listens on, outside of the range from which the system takes ports of its own accord.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo $port
}

# Whether the process that was started for DIR under this name still runs. All of them have paths below DIR among their
# arguments, which a later process with the same pid has not.
runs() {
    local pid arguments attempt
    read -r pid 2>/dev/null <"$dir/pids/$1" || return 1
    # For a moment of its start a program has no arguments; one that has ended and is not reaped has none for good.
    for attempt in 1 2 3 4 5; do
        arguments=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline") || return 1
        [ -z "$arguments" ] || break
        [ "$attempt" = 5 ] || sleep 0.05
    done
    grep -qF -- "$dir/" <<<"$arguments"
}

# Closes what the caller left open: Foundation for one takes a program for running as long as any child of it has its files.
forget_descriptors() {
    local descriptor
    for descriptor in /proc/"$BASHPID"/fd/*; do
        descriptor=${descriptor##*/}
        if [ "$descriptor" -gt 2 ]; then eval "exec $descriptor>&-"; fi
    done
}

# launch NAME COMMAND...: unless it runs already.
launch() {
    local name=$1
    shift
    if runs "$name"; then return; fi
    : >"$dir/logs/$name.last"
    (
        forget_descriptors
        exec setsid "$@"
    ) >"$dir/logs/$name.last" 2>&1 </dev/null &
    local pid=$!
    echo $pid >"$dir/pids/$name"
    # Until then it is still this script.
    while kill -0 $pid 2>/dev/null && ! runs "$name"; do sleep 0.01; done
}

# await NAME COMMAND...: until the command succeeds; the process of that name has to live that long.
await() {
    local name=$1 deadline=$((SECONDS + 300))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! runs "$name"; then
            tail -n 3 "$dir/logs/$name.last" >&2
            echo "cluster: $name has ended" >&2
            return 1
        fi
        if [ $SECONDS -ge $deadline ]; then
            echo "cluster: $name is not ready after five minutes" >&2
            return 1
        fi
        sleep 0.1
    done
}

# retrying COMMAND: somebody else may have taken the free port in the meantime.
retrying() {
    local attempt
    for attempt in 1 2 3; do
        if "$1"; then return; fi
        grep -qsi 'address already in use' "$dir"/logs/*.last || break
        echo "cluster: a port was taken, attempt $attempt" >&2
    done
    return 1
}

# end NAME...: softly, then with force, in this order.
end() {
    local name pid deadline
    for name in "$@"; do
        if runs "$name"; then
            read -r pid <"$dir/pids/$name"
            kill -TERM "$pid" 2>/dev/null || true
            deadline=$((SECONDS + 5))
            while runs "$name" && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
        fi
        crash "$name"
    done
}

# Ends a process at once and waits until it is gone.
crash() {
    local pid
    if runs "$1"; then
        read -r pid <"$dir/pids/$1"
        kill -KILL "$pid" 2>/dev/null || true
        while runs "$1"; do sleep 0.02; done
    fi
    rm -f "$dir/pids/$1"
}
