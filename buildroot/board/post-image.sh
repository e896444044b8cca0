#!/bin/sh
# Buildroot calls this with the directory of what it built: the root gets the tree of its hashes, kernel and firmware go into a slot's boot
# partition beside the hash of that root, and all of it onto a card.  The same files give the same card, byte for byte.
set -eu

images=$1
tree=$(cd "$(dirname "$0")/.." && pwd)
image() { (cd "$tree/.." && PYTHONDONTWRITEBYTECODE=1 python3 -m tools.image "$@"); }
epoch=${SOURCE_DATE_EPOCH:?}
boot_mib='' slot_mib='' config_mib='' evidence_mib='' # what follows sets them, by the table
eval "$(image sizes)"
work=$images/lapel-work
rm -rf "$work"
mkdir -p "$work/slot" "$work/boot" "$work/none"

# The root: the salt is made of what it salts, so that it is no draw of a lot.
blocks=$(($(stat -c %s "$images/rootfs.squashfs") / 4096))
[ "$(stat -c %s "$images/rootfs.squashfs")" = $((blocks * 4096)) ] || { echo "post-image: the squashfs is not padded" >&2; exit 1; }
cp "$images/rootfs.squashfs" "$images/root.img"
salt=$(sha256sum <"$images/root.img" | cut -d ' ' -f 1)
hash=$(veritysetup format "$images/root.img" "$images/root.img" --no-superblock --data-blocks="$blocks" \
  --hash-offset=$((blocks * 4096)) --data-block-size=4096 --hash-block-size=4096 --hash=sha256 --salt="$salt" |
  sed -n 's/^Root hash:[[:space:]]*//p')

# One boot partition for both slots: which one it lies in chooses the command line.
for each in "$images"/rpi-firmware/*; do
  case ${each##*/} in bootcode.bin) cp -R "$each" "$work/boot/" ;; cmdline.txt) ;; *) cp -R "$each" "$work/slot/" ;; esac
done
cp "$images/Image" "$images"/*.dtb "$work/slot/"
image cmdline "$work/slot" "$blocks" "$hash" "$salt"
image autoboot >"$work/boot/autoboot.txt"

vfat() { "$tree/board/vfat.sh" "$@"; } # directory, file, label, MiB, volume id
# Secure boot (Pi 4, Pi 5, Compute Modules): the firmware takes all of it as one file that is signed, and nothing beside it.
if [ -n "${LAPEL_SIGN_BOOT:-}" ]; then
  vfat "$work/slot" "$work/boot.img" SLOT $((slot_mib - 4)) 4c61706d
  rm -rf "$work/slot" && mkdir "$work/slot"
  mv "$work/boot.img" "$work/slot/boot.img"
  "$LAPEL_SIGN_BOOT" "$work/slot/boot.img" "$work/slot/boot.sig"
  : >"$work/slot/config.txt" # a Pi 5 starts from no partition without one
fi
vfat "$work/slot" "$images/slot.img" SLOT "$slot_mib" 4c61706d
vfat "$work/boot" "$images/boot.vfat" BOOT "$boot_mib" 4c61706e

ext4() { # label, MiB, id
  rm -f "$images/$1.ext4"
  E2FSPROGS_FAKE_TIME=$epoch mke2fs -q -t ext4 -L "$1" -U "4c617065-6c00-4000-8000-00000000000$3" \
    -E hash_seed=4c617065-6c00-4000-8000-000000000000,lazy_itable_init=0,lazy_journal_init=0 "$images/$1.ext4" "${2}M"
}
ext4 config "$config_mib" 1
ext4 evidence "$evidence_mib" 2

image genimage >"$work/genimage.cfg"
genimage --rootpath "$work/none" --tmppath "$work/tmp" --inputpath "$images" --outputpath "$images" --config "$work/genimage.cfg"
rm -rf "$work"
