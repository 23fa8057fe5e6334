# What the three generators share. Input: the output of `TOOL --dump-commands`; $hints: hints.json.

# Every command of the tree: {path: " context add" (a blank before each word), options, subcommands}. An option of a
# command is an option of those below it.
def commands($path; $inherited):
  ((.options // []) + $inherited | unique_by(.names)) as $all
  | {path: $path, options: $all, subcommands: (.subcommands // [])},
    ((.subcommands // [])[] | . as $sub | commands($path + " " + $sub.name; $all));
def commands: commands(""; []);

def longs: .names[] | select(startswith("--"));
def summary: .description // "" | split("\n")[0] | rtrimstr(".");

# "folder", "file", "node", an array of words, or "" where nothing is known of the value.
def hint: [.names[] | $hints[0][.] // empty][0] // "";

# All options with a value, grouped by what is known of it: [{hint, names}].
def valued:
  [commands | .options[] | select(.takes_value) | {hint: hint, names}]
  | group_by(.hint) | map({hint: .[0].hint, names: (map(.names[]) | unique)});

def header: "# Made by scripts/completions from `\(.name) --dump-commands`; a test holds the two together.";
