#!/bin/sh
# Makes the venvs of the engines that Tianting is measured beside, in bench/.peers/ (git-ignored): `engines` on the
# Python of the product's own venv, `bernstein` on Python 3.12 where one is to be had. Does nothing when they stand.
# `setup_peers.sh lock` writes the hashed locks anew from the .in files.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
peers=bench/.peers

say() { printf 'bench: %s\n' "$*" >&2; }

compile() { # PYTHON_VERSION NAME
    "$UV" pip compile --quiet --universal --python-version "$1" --generate-hashes --no-emit-index-url \
        --custom-compile-command 'bench/setup_peers.sh lock' --output-file "bench/peers/$2.txt" "bench/peers/$2.in"
}

if [ "${1:-}" = lock ]; then
    compile 3.11 engines
    compile 3.12 bernstein
    exit 0
fi

# A Python 3.12 that really runs: a shim on PATH may name one that is not switched on.
python312() {
    for found in "${PYTHON312:-}" "$(command -v python3.12 || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12.*/bin/python3.12 \
        "$("$UV" python find --no-project 3.12 2>/dev/null || true)"; do
        if [ -n "$found" ] && "$found" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null; then
            printf '%s\n' "$found"
            return
        fi
    done
    return 1
}

make_venv() { # NAME PYTHON
    venv=$peers/$1 lock=bench/peers/$1.txt
    if [ -f "$venv/lock.txt" ] && cmp -s "$lock" "$venv/lock.txt"; then
        return 0
    fi
    say "installing $1 (once)"
    rm -f "$venv/lock.txt"
    "$UV" venv --quiet --allow-existing --python "$2" "$venv"
    "$UV" pip sync --quiet --require-hashes --python "$venv/bin/python" "$lock"
    cp "$lock" "$venv/lock.txt"
}

mkdir -p "$peers"
failed=0
make_venv engines .venv/bin/python || { say "the engines could not be installed; they are left out"; failed=1; }
if found=$(python312); then
    make_venv bernstein "$found" || { say "bernstein could not be installed; it is left out"; failed=1; }
else
    say "no Python 3.12 on this machine (PYTHON312=PATH names one); bernstein is left out"
fi
exit $failed
