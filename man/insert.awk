# Replaces each line `; insert: TOOL ARGUMENTS` of a manual page's source (a comment to scdoc) by what that command prints.
# -v bin=FOLDER says where the tools are.
/^; insert: / {
  command = "'" bin "'/" substr($0, length("; insert: ") + 1)
  lines = 0
  while ((command | getline line) > 0) {
    print line
    ++lines
  }
  if (close(command) == 0 && lines > 0) next
  print command " printed nothing, or failed" >"/dev/stderr"
  exit 1
}
{ print }
