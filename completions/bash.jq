include "common";
def q: "'" + gsub("'"; "'\\''") + "'";
def function_name: "_" + (.name | gsub("-"; "_"));

def value_case:
  "    \(.names | join("|")))\n      " + (
    if .hint == "folder" then "compopt -o filenames\n      mapfile -t COMPREPLY < <(compgen -d -- \"$word\")"
    elif .hint == "file" then "compopt -o filenames\n      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"
    elif .hint == "node" then
      "mapfile -t COMPREPLY < <(compgen -W \"$(timeout 2 p2p-ctl nodes -o name 2>/dev/null)\" -- \"$word\")"
    elif .hint == "" then "compopt +o default"
    else "mapfile -t COMPREPLY < <(compgen -W \(.hint | join(" ") | q) -- \"$word\")" end
  ) + "\n      return\n      ;;";

def command_case:
  "    \(.path | q))\n"
  + "      commands=\([.subcommands[].name] | join(" ") | q)\n"
  + "      options=\([.options[].names[]] | unique | join(" ") | q)\n      ;;";

"# shellcheck shell=bash",
header,
"",
"\(function_name)() {",
"  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} at='' commands='' options='' i",
"  COMPREPLY=()",
"  for ((i = 1; i < COMP_CWORD; ++i)); do",
"    case \"$at ${COMP_WORDS[i]}\" in",
([commands.path | select(. != "") | q] | if length > 0 then "      \(join(" | "))) at+=\" ${COMP_WORDS[i]}\" ;;" else empty end),
"    esac",
"  done",
"  case $before in",
(valued[] | value_case),
"  esac",
"  case $at in",
(commands | command_case),
"  esac",
"  case $word in",
"    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;",
"    *) mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$word\") ;;",
"  esac",
"}",
"complete -o default -F \(function_name) \(.name)"
