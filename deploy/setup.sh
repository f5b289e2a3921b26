#!/bin/sh
# Makes the checkout ready: `setup.sh run` for `make run` (never needs root), `setup.sh dev` for the checks,
# `setup.sh test` for the checks and, where the machine lacks a program, its Debian package too.
set -eu
cd "$(dirname "$0")/.."
want=$1
PYTHON=${PYTHON:-python3}

say() { printf 'tianting: %s\n' "$*" >&2; }

if ! command -v "$PYTHON" >/dev/null 2>&1; then
    say "$PYTHON was not found; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11 ..."
    exit 1
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "$PYTHON is older than Python 3.11; name a newer one: make PYTHON=/path/to/python3.11 ..."
    exit 1
fi

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need git git
"$PYTHON" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ "$want" = test ]; then
    # The dashboard is tested in a real browser, in Chinese too.
    need chromium chromium
    # What is told to MQTT is told to a real broker. Debian keeps it where a plain user's PATH does not look.
    [ -x /usr/sbin/mosquitto ] || need mosquitto mosquitto
    # Migrations are proven on a real PostgreSQL. Debian keeps its server where no PATH looks.
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
        || missing="$missing postgresql"
    # What docker-compose.yml mounts is loaded by the real programs, and the file itself by the real parser.
    need promtool prometheus
    need docker-compose docker-compose
    # Agents are confined by it.
    need bwrap bubblewrap
    [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
fi

if [ -n "$missing" ]; then
    if [ "$want" != test ]; then
        say "missing on this machine:$missing; install it (on Debian: apt-get install$missing) and run this again"
        exit 1
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        say "missing on this machine:$missing; install it with your system's package program and run this again"
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        root=
    elif command -v sudo >/dev/null 2>&1; then
        root=sudo
    else
        say "missing on this machine:$missing; neither root nor sudo is here to install it: apt-get install$missing"
        exit 1
    fi
    say "installing$missing"
    $root apt-get update -q
    # shellcheck disable=SC2086 # the list is meant to be split into package names
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

[ "$want" = test ] && want=dev
exec "$PYTHON" -P deploy/bootstrap.py "$want"
