include "common";
def function_name: "_" + (.tool | gsub("-"; "_"));
def setting: if type == "array" then "kind=words choices=\(join(" ") | quoted)" else "kind=\(quoted)" end;

def node_case:
  "      \(.path | quoted))\n"
  + "        options=\([.options[].names[]] | unique | join(" ") | quoted)\n"
  + "        \(if (.subcommands | length) > 0 then [.subcommands[].name] else .arguments[0] // {} | kind end | setting)\n"
  + "        ;;";

"# shellcheck shell=bash",
header,
"",
"\(function_name)() {",
"  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i",
"  COMPREPLY=()",
"  for ((i = 1; i < COMP_CWORD; ++i)); do",
"    case \"$at ${COMP_WORDS[i]}\" in",
([paths_of[] | " " + . | quoted] | if length > 0 then "      \(join(" | "))) at+=\" ${COMP_WORDS[i]}\" ;;" else empty end),
"    esac",
"  done",
"  case \"$at ${COMP_WORDS[COMP_CWORD - 1]}\" in",
(valued[] | "    \(.patterns | join(" | "))) \(.kind | setting) ;;"),
"  esac",
"  if [ -z \"$kind\" ]; then",
"    case $at in",
(nodes | node_case),
"    esac",
"    if [[ $word == -* ]]; then kind=words choices=$options; fi",
"  fi",
"  case $kind in",
"    file)",
"      compopt -o filenames",
"      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")",
"      ;;",
"    folder)",
"      compopt -o filenames",
"      mapfile -t COMPREPLY < <(compgen -d -- \"$word\")",
"      ;;",
"    \([live] | join(" | ")))",
"      mapfile -t COMPREPLY < <(compgen -W \"$(p2p-ctl __names \"$kind\" </dev/null 2>/dev/null)\" -- \"$word\")",
"      ;;",
"    words) mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\") ;;",
"  esac",
"}",
"complete -F \(function_name) \(.tool)"
