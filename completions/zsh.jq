include "common";
def described($word): ($word | gsub(":"; "\\:")) + ":" + summary | quoted;
def action:
  if type == "array" then "compadd -- \(join(" "))"
  elif . == "folder" then "_files -/"
  elif . == "file" then "_files"
  elif IN(live) then "compadd -- ${(f)\"$(p2p-ctl __names \(.) </dev/null 2>/dev/null)\"}"
  else "_message value" end;

def node_case:
  "  (\(.path | quoted))\n"
  + "    options=(\([.options[] | . as $option | .names[] | . as $name | $option | described($name)] | join(" ")))\n"
  + "    if [[ $PREFIX == -* ]]; then _describe -o option options; return; fi\n"
  + (if (.subcommands | length) > 0 then
       "    commands=(\([.subcommands[] | described(.name)] | join(" ")))\n    _describe command commands\n"
     elif (.arguments | length) > 0 then "    \(.arguments[0] | kind | action)\n"
     else "" end)
  + "    ;;";

"#compdef \(.tool)",
header,
"",
"local at='' word",
"local -a commands options",
"for word in ${words[2,CURRENT-1]}; do",
"  case \"$at $word\" in",
([paths_of[] | " " + . | quoted] | if length > 0 then "  (\(join("|"))) at+=\" $word\" ;;" else empty end),
"  esac",
"done",
"case \"$at ${words[CURRENT-1]}\" in",
(valued[] | "  (\(.patterns | join("|"))) \(.kind | action); return ;;"),
"esac",
"case $at in",
(nodes | node_case),
"esac"
