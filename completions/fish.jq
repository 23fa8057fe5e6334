include "common";
def text: "'" + (gsub("\\\\"; "\\\\") | gsub("'"; "\\'")) + "'";
def function_name: "__" + (.tool | gsub("-"; "_")) + "_at";
def flags: [.names[] | if startswith("--") then "-l " + .[2:] else "-s " + .[1:] end] | join(" ");
def offered:
  if type == "array" then " -a " + (join(" ") | text)
  elif . == "folder" then " -a '(__fish_complete_directories)'"
  elif IN(live) then " -a '(p2p-ctl __names \(.) </dev/null 2>/dev/null)'"
  else "" end;
def value: if .value == "" then "" else kind as $kind | (if $kind == "file" then " -r -F" else " -x" end) + ($kind | offered) end;

. as $tool
| function_name as $at
| header,
"",
"function \($at)",
"    set -l at ''",
"    for word in (commandline -opc)[2..-1]",
"        switch \"$at $word\"",
([paths_of[] | " " + . | text] | if length > 0 then "            case \(join(" "))\n                set at \"$at $word\"" else empty end),
"        end",
"    end",
"    test \"$at\" = $argv[1]",
"end",
"",
(nodes
 | "complete -c \($tool.tool) -n \"\($at) \(.path | text)\"" as $here
 | (.arguments[0] // {} | kind) as $argument
 | (if $argument == "file" then empty else $here + " -f" + ($argument | offered) end),
   (.subcommands[] | "\($here) -a \(.name) -d \(summary | text)"),
   (.options[] | "\($here) \(flags)\(value) -d \(summary | text)"))
