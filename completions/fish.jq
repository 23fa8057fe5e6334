include "common";
def q: "'" + (gsub("\\\\"; "\\\\") | gsub("'"; "\\'")) + "'";
def function_name: "__" + (.name | gsub("-"; "_")) + "_at";

def names: [.names[] | if startswith("--") then "-l " + .[2:] else "-s " + .[1:] end] | join(" ");

def value:
  if (.takes_value | not) then ""
  else hint as $hint
    | if $hint == "folder" then " -x -a '(__fish_complete_directories)'"
      elif $hint == "file" then " -r -F"
      elif $hint == "node" then " -x -a '(timeout 2 p2p-ctl nodes -o name 2>/dev/null)'"
      elif $hint == "" then " -x"
      else " -x -a " + ($hint | join(" ") | q) end
  end;

. as $tool
| function_name as $at
| header,
"",
"function \($at)",
"    set -l at ''",
"    for word in (commandline -opc)[2..-1]",
"        switch \"$at $word\"",
([commands.path | select(. != "") | q] | if length > 0 then "            case \(join(" "))\n                set at \"$at $word\"" else empty end),
"        end",
"    end",
"    test \"$at\" = $argv[1]",
"end",
"",
(commands
 | "complete -c \($tool.name) -n \"\($at) \(.path | q)\"" as $here
 | (if (.subcommands | length) > 0 then $here + " -f" else empty end),
   (.subcommands[] | "\($here) -a \(.name) -d \(summary | q)"),
   (.options[] | "\($here) \(names)\(value) -d \(summary | q)"))
