#!/bin/sh
# The command `nurture` as the service runs it: its user, its settings. Installed as /usr/local/bin/nurture.
set -eu
if [ "$(id -un)" != nurture ]; then
    [ "$(id -u)" -eq 0 ] || exec sudo -u nurture -- "$0" "$@"
    exec runuser -u nurture -- "$0" "$@"
fi
umask 077
set -a
. /etc/nurture/nurture.env
exec /opt/nurture/.venv/bin/nurture "$@"
