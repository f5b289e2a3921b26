#!/bin/sh
# `bernstein_agent.sh SECONDS ... PROMPT`: the agent that Bernstein starts in the end-to-end bench, in place of a model's
# program. For each task named in its prompt it sleeps, writes one file, commits it, and says so in the line that
# Bernstein reads.
set -eu
seconds=$1
for last in "$@"; do :; done
for name in $(printf '%s' "$last" | grep -o 'bench-task-[0-9]*' | sort -u); do
    sleep "$seconds"
    mkdir -p out
    printf '%s\n' "$name" >"out/$name.txt"
    git add -- "out/$name.txt"
    git commit -q -m "$name"
    echo "Modified: out/$name.txt"
done
