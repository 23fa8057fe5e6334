#!/bin/sh
# disk.usage: df as JSON. disk.folders: du as JSON. A parameter `path` arrives as P2P_PARAM_PATH.
set -u
LC_ALL=C
export LC_ALL

# For a caller that wants to see how far it is.
progress() {
  [ -z "${P2P_PROGRESS_FD-}" ] || printf '%s\n' "$1" >&3
}

folders() {
  cd -- "$P2P_PARAM_PATH" || exit 1
  for folder in */ .[!.]*/; do
    folder=${folder%/}
    if [ ! -d "$folder" ] || [ -L "$folder" ]; then continue; fi
    case $folder in *[[:cntrl:]]*) continue ;; esac
    progress "$folder"
    # What may not be read is left out of the sum.
    du -skx -- "./$folder" 2>/dev/null
  done | iconv -c -f UTF-8 -t UTF-8 | awk -F '\t' '
    {
      name = substr($2, 3)
      gsub(/["\\]/, "\\\\&", name)
      printf "%s{\"folder\":\"%s\",\"size_bytes\":%.0f}", count++ ? "," : "[", name, $1 * 1024
    }
    END { print count ? "]" : "[]" }'
}

if [ "${P2P_METHOD-}" = folders ]; then
  folders
  exit
fi

# POSIX's format, in KiB: one line a file system, and the same columns everywhere.
if [ -n "${P2P_PARAM_PATH+set}" ]; then
  table=$(df -kP -- "$P2P_PARAM_PATH") || exit 1
else
  # Those in memory say nothing about disks. One that cannot be looked at makes df fail after it has printed the others.
  table=$(df -kP -x tmpfs -x devtmpfs -x ramfs -x efivarfs)
  # In a chroot the root itself is in no list of mounts.
  [ "$(printf '%s\n' "$table" | wc -l)" -gt 1 ] || table=$(df -kP /)
fi

printf '%s\n' "$table" | iconv -c -f UTF-8 -t UTF-8 | awk '
  function quoted(text) {
    gsub(/["\\]/, "\\\\&", text)
    gsub(/[\001-\037]/, "?", text)
    return "\"" text "\""
  }
  # Names may hold spaces: what is sure is the run of three numbers and a percentage between them.
  NR > 1 && match($0, / +[0-9]+ +[0-9]+ +-?[0-9]+ +([0-9]+%|-) +/) {
    split(substr($0, RSTART, RLENGTH), column, " ")
    if (column[1] == 0) next
    percent = column[4]
    sub(/%/, "", percent)
    printf "%s{\"filesystem\":%s,\"mount\":%s,\"size_bytes\":%.0f,\"used_bytes\":%.0f,\"available_bytes\":%.0f,\"used_percent\":%s}",
      count++ ? "," : "[", quoted(substr($0, 1, RSTART - 1)), quoted(substr($0, RSTART + RLENGTH)),
      column[1] * 1024, column[2] * 1024, column[3] * 1024, percent == "-" ? "null" : percent
  }
  END {
    if (!count) {
      print "df shows no file system" > "/dev/stderr"
      exit 1
    }
    print "]"
  }'
