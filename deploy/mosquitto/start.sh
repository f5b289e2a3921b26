#!/bin/sh
# Begins the broker with hashed passwords and with an access list that is nobody else's to read, as it wants them.
set -eu
umask 077
users=${MQTT_USERS:-/run/secrets/mqtt_users}
config=${MQTT_CONFIG:-/mosquitto/config}
data=${MQTT_DATA:-/mosquitto/data}
cp "$users" "$data/passwords"
mosquitto_passwd -U "$data/passwords"
cp "$config/acl" "$data/acl"
if [ "$(id -u)" = 0 ]; then chown mosquitto "$data" "$data/passwords" "$data/acl"; fi
exec mosquitto -c "$config/mosquitto.conf"
