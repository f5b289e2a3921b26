#!/bin/sh
# Writes the hashed locks from pyproject.toml. Versions stay as they are unless `--upgrade` is given.
# No uv.lock: it would record the address of whichever package index this machine uses.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
locks=deploy/requirements

compile() {
    "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command 'make lock' "$@" >/dev/null
}

# The dev lock is resolved first and constrains the others: whoever has it has them too.
compile "$@" --group dev --output-file $locks/dev.txt pyproject.toml
compile --constraint $locks/dev.txt --output-file $locks/core.txt pyproject.toml
compile --constraint $locks/dev.txt --output-file $locks/container.txt --extra redis --extra mqtt pyproject.toml
compile --constraint $locks/dev.txt --output-file $locks/build.txt --group build
