#!/bin/sh
# Puts the agent programs that come from npm, and a node that is new enough for them, into .venv/agents. Nothing else
# needs them: the tests that run them are skipped without.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'tianting: %s\n' "$*" >&2; }

if ! command -v npm >/dev/null 2>&1; then
    say 'npm was not found; install it (on Debian: apt-get install npm) and run this again'
    exit 1
fi
mkdir -p .venv/agents
npm install --prefix .venv/agents --no-audit --no-fund --no-save --loglevel=error \
    node@22.23.3 \
    @agentclientprotocol/claude-agent-acp@0.100.0 \
    @openai/codex@0.169.0
