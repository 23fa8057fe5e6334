include "common";
def q: "'" + gsub("'"; "'\\''") + "'";
def described($word): ($word | gsub(":"; "\\:")) + ":" + summary | q;

def value_case:
  "  (\(.names | join("|"))) " + (
    if .hint == "folder" then "_files -/"
    elif .hint == "file" then "_files"
    elif .hint == "node" then "compadd -- ${(f)\"$(timeout 2 p2p-ctl nodes -o name 2>/dev/null)\"}"
    elif .hint == "" then "_message value"
    else "compadd -- \(.hint | join(" "))" end
  ) + "; return ;;";

def command_case:
  "  (\(.path | q))\n"
  + "    commands=(\([.subcommands[] | described(.name)] | join(" ")))\n"
  + "    options=(\([.options[] | . as $option | .names[] | . as $name | $option | described($name)] | join(" ")))\n    ;;";

"#compdef \(.name)",
header,
"",
"local at='' word",
"local -a commands options",
"for word in ${words[2,CURRENT-1]}; do",
"  case \"$at $word\" in",
([commands.path | select(. != "") | q] | if length > 0 then "  (\(join("|"))) at+=\" $word\" ;;" else empty end),
"  esac",
"done",
"case ${words[CURRENT-1]} in",
(valued[] | value_case),
"esac",
"case $at in",
(commands | command_case),
"esac",
"(( $#commands )) && _describe command commands",
"if [[ $PREFIX == -* ]]; then _describe -o option options; elif (( ! $#commands )); then _files; fi"
