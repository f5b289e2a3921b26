#!/bin/sh
# Makes the passwords of docker-compose.yml in deploy/secrets/, once: what is there stays.
set -eu
cd "$(dirname "$0")"
umask 022
mkdir -p secrets
# The folder is its owner's alone. The files in it are mounted one by one, and read by the users of the containers.
chmod 700 secrets
make() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }
keep token "$(make)"
keep grafana "$(make)"
if [ ! -e secrets/mqtt_users ]; then
    own=$(make)
    printf 'tianting:%s\nsteering:%s\nwatching:%s\n' "$own" "$(make)" "$(make)" >secrets/mqtt_users
    printf 'mqtt://tianting:%s@mosquitto:1883?intents=on' "$own" >secrets/mqtt_url
fi
[ -e tianting.env ] || cp tianting.env.example tianting.env
echo "the secrets are in $(pwd)/secrets; the token of the dashboard is in $(pwd)/secrets/token"
