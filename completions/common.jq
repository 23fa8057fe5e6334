# What the three generators and tests/house/manual share. Input: the output of `TOOL --dump-commands`.

# Paths of all commands and of the words above them: "sign", "context", "context add".
def paths_of:
  [.commands[].path | select(. != "") | split(" ") | . as $words | range(1; length + 1) | $words[:.] | join(" ")] | unique;

# One entry a path, and one for the tool itself: {path (a blank before each word), own, options, arguments, subcommands}.
def nodes:
  . as $tool | paths_of as $paths | ("", $paths[]) as $path
  | ([$tool.commands[] | select(.path == $path)][0] // {}) as $command
  | {
      path: (if $path == "" then "" else " " + $path end),
      own: ($command.options // []),
      options: (($command.options // []) + $tool.options | unique_by(.names)),
      arguments: ($command.arguments // [] | map(. + {command: $command.path})),
      subcommands: [
        $paths[] | . as $sub | split(" ")
        | select(.[:-1] | join(" ") == $path)
        | {name: .[-1], summary: ([$tool.commands[] | select(.path == $sub) | .summary][0] // "")}
      ]
    };

def summary: (.summary // .description // "") | split("\n")[0] // "" | rtrimstr(".");
def longs: .names[] | select(startswith("--"));

# The words of p2p-ctl __names.
def live: "nodes", "services", "programs", "methods", "contexts", "loggers", "scopes", "tokens", "certificates";

# What can be said of a value: "file", "folder", an array of words, "none", or which live names fit.
def kind:
  if .choices then .choices
  elif (.names // [] | index("--node")) or .name == "NODE" then "nodes"
  elif .name == "SERVICE" and (.command | IN("services start", "services stop", "services restart")) then "programs"
  elif .name == "NAME" and .command == "certs revoke" then "certificates"
  elif .name == "TOKEN" then "tokens"
  elif .names // [] | index("--scope") then "scopes"
  elif (.names // [] | index("--service")) or .name == "SERVICE" then "services"
  elif .name == "SERVICE.METHOD" then "methods"
  elif .names // [] | index("--context") then "contexts"
  elif .names // [] | index("--logger") then "loggers"
  else (.value // .name) | if . == "FILE" then "file" elif . == "DIR" then "folder" else "none" end end;

def quoted: "'" + gsub("'"; "'\\''") + "'";

# Options with a value, grouped by what can be said of it: [{kind, patterns}]. A pattern is for `PATH OPTION`, where PATH
# matters only if the option means different things to different commands.
def valued:
  [nodes | . as $node | .options[] | select(.value != "") | {path: $node.path, kind: kind, name: .names[]}]
  | group_by(.name)
  | map(if map(.kind) | unique | length == 1 then {kind: .[0].kind, pattern: "*\(" " + .[0].name | quoted)"}
        else .[] | {kind, pattern: (.path + " " + .name | quoted)} end)
  | group_by(.kind) | map({kind: .[0].kind, patterns: (map(.pattern) | unique)});

def header: "# Made by scripts/completions from `\(.tool) --dump-commands`; a test holds the two together.";
