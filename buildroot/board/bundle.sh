#!/bin/sh
# Make an update of what was built: a RAUC bundle with a slot's root and boot partition, signed.  bundle.sh BOARD OUTPUT VERSION CERT KEY
set -eu

board=$1 output=$2 version=$3 cert=$4 key=$5
tree=$(cd "$(dirname "$0")/.." && pwd)
rauc=$output/host/bin/rauc
[ -x "$rauc" ] || rauc=rauc

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bundle"
cp "$output/images/root.img" "$output/images/slot.img" "$work/bundle/"
(cd "$tree/.." && PYTHONDONTWRITEBYTECODE=1 python3 -m tools.image manifest "$board" "$version") >"$work/bundle/manifest.raucm"
bundle=$output/images/lapel-$board-$version.raucb
rm -f "$bundle"
"$rauc" --cert "$cert" --key "$key" bundle "$work/bundle" "$bundle"
echo "$bundle"
