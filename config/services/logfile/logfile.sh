#!/bin/sh
# logfile.file and logfile.unit: the last lines as {"source": …, "lines": […], "truncated": …}.
set -u
LC_ALL=C
export LC_ALL

# Read from the end of a file, however long its lines are.
window_bytes=262144

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

lines=${P2P_PARAM_LINES:-100}
case $lines in
  '' | *[!0-9]*) fail 'lines must be a whole number' ;;
esac

# allowed PATH: is the path, free of links, one that LOG_FILES names or lies below one of its folders?
allowed() {
  rest=${LOG_FILES:-}:
  while [ -n "$rest" ]; do
    entry=${rest%%:*}
    rest=${rest#*:}
    case $entry in
      /*/)
        folder=$(realpath -m -- "$entry")
        case $1 in "${folder%/}"/*) return 0 ;; esac
        ;;
      /*) [ "$1" = "$(realpath -m -- "$entry")" ] && return 0 ;;
    esac
  done
  return 1
}

# to_json FIRST_IS_CUT: reads log lines. "truncated" says that fewer lines than asked for fitted.
to_json() {
  tr -d '\000' | iconv -c -f UTF-8 -t UTF-8 | awk -v wanted="$lines" -v first_is_cut="$1" '
    function quoted(text,    i) {
      gsub(/["\\]/, "\\\\&", text)
      gsub(/\r/, "", text)
      if (text ~ /[\001-\037]/) {
        for (i = 1; i < 32; i++) gsub(sprintf("%c", i), sprintf("\\u%04x", i), text)
      }
      return "\"" text "\""
    }
    BEGIN { source = ENVIRON["source_name"] }
    { line[NR] = $0 }
    END {
      oldest = first_is_cut ? 2 : 1
      from = NR - wanted + 1
      truncated = first_is_cut && from < oldest
      if (from < oldest) from = oldest
      # A result may have 1 MiB; escapes make lines longer.
      for (i = NR; i >= from; i--) {
        json[i] = quoted(line[i])
        total += length(json[i]) + 1
        if (total > 900000) {
          from = i + 1
          truncated = 1
        }
      }
      printf "{\"source\":%s,\"lines\":[", quoted(source)
      for (i = from; i <= NR; i++) printf "%s%s", json[i], i < NR ? "," : ""
      printf "],\"truncated\":%s}\n", truncated ? "true" : "false"
    }'
}

show_file() {
  source_name=$(realpath -m -- "$1")
  export source_name
  allowed "$source_name" || fail 'this file is not one that LOG_FILES in service.yaml allows'
  [ -f "$source_name" ] || fail 'no such file'
  exec 3<"$source_name" || exit 1
  # Whoever may write in the folder could have put a link in place since: judge what is really open.
  opened=$(readlink /proc/$$/fd/3)
  allowed "$opened" || fail 'this file is not one that LOG_FILES in service.yaml allows'
  [ -f /proc/$$/fd/3 ] || fail 'no such file'
  size=$(stat -L -c %s /proc/$$/fd/3) || exit 1
  cut=0
  [ "$size" -gt "$window_bytes" ] && cut=1
  tail -c "$window_bytes" <&3 | to_json "$cut"
}

show_unit() {
  source_name=$1
  export source_name
  for unit in ${LOG_UNITS:-}; do
    [ "$unit" = "$1" ] || continue
    entries=$(journalctl --unit="$unit" --lines="$lines" --output=short-iso --no-pager --quiet) || exit 1
    [ -z "$entries" ] || entries="$entries
"
    printf '%s' "$entries" | to_json 0
    return
  done
  fail 'this unit is not one that LOG_UNITS in service.yaml allows'
}

case ${P2P_METHOD:-} in
  file) show_file "${P2P_PARAM_PATH?}" ;;
  unit) show_unit "${P2P_PARAM_UNIT?}" ;;
  *) fail 'no such method' ;;
esac
