#!/bin/sh
# Buildroot calls this with the root that it built, before it packs it: what a camera lacks is taken out, what depends on the board is put in,
# and a root with an open door is refused.
set -eu

target=$1
tree=$(cd "$(dirname "$0")/.." && pwd)
image() { (cd "$tree/.." && PYTHONDONTWRITEBYTECODE=1 "${HOST_DIR:?}/bin/python3" -m tools.image "$@"); }

board=$(sed -n 's/^BR2_LAPEL_BOARD="\(.*\)"$/\1/p' "${BR2_CONFIG:?}")
[ -n "$board" ] || { echo "post-build: the configuration names no board" >&2; exit 1; }

image tidy "$target"

mkdir -p "$target/etc/rauc"
image rauc "$board" >"$target/etc/rauc/system.conf"
# Whose updates it takes: a certificate, nothing secret.  Without one it takes none.
if [ -n "${LAPEL_KEYRING:-}" ]; then
  install -m 0644 "$LAPEL_KEYRING" "$target/etc/rauc/keyring.pem"
else
  rm -f "$target/etc/rauc/keyring.pem"
  echo "post-build: no KEYRING: this image takes no update"
fi
printf 'NAME=Lapel\nID=lapel\nVERSION_ID=%s\nBUILD_ID=%s\nVARIANT_ID=%s\n' \
  "$(sed -n 's/^BR2_LAPEL_VERSION="\(.*\)"$/\1/p' "$BR2_CONFIG")" "${LAPEL_COMMIT:-unknown}" "$board" >"$target/usr/lib/os-release"

image closed "$target"
