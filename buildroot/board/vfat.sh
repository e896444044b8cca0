#!/bin/sh
# Make a FAT file system of what is in a directory, the same for the same files: vfat.sh DIRECTORY FILE LABEL MIB ID
set -eu

epoch=${SOURCE_DATE_EPOCH:?}
rm -f "$2"
truncate -s "${4}M" "$2"
mkfs.vfat --invariant -n "$3" -i "$5" "$2" >/dev/null
find "$1" -exec touch -h -d "@$epoch" {} +
case $2 in /*) file=$2 ;; *) file=$PWD/$2 ;; esac
(cd "$1" && find . -mindepth 1 -maxdepth 1 | LC_ALL=C sort | TZ=UTC xargs -I '{}' mcopy -s -m -i "$file" '{}' ::)
