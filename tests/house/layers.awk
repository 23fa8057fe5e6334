# The rules behind ./layers, which says what they are. Input: all CMakeLists.txt, then all sources. Runs in mawk and gawk.
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }

# libcommon/net/detail/a.cpp -> net; tools/p2p-ca/main.cpp -> tools/p2p-ca; tests/... -> tests
function subject_of(path, part) {
  split(path, part, "/")
  if (part[1] == "libcommon") return part[2]
  return part[1] == "tools" ? part[1] "/" part[2] : part[1]
}

function level_of(subject) {
  if (subject ~ /^tools\//) return level["tools"]
  return subject in level ? level[subject] : -1
}

function complain(where, what) { print where ": " what; bad = 1 }

function list_file(path, target) {
  if (path in owner) complain(path, "listed more than once (" listed_in[path] ", " FILENAME ")")
  owner[path] = target
  listed_in[path] = FILENAME
}

# Words of target_sources, add_executable, add_library and of this project's own functions, which begin with p2p_.
function read_list(line, word, count, i) {
  sub(/#.*/, "", line)
  gsub(/\(/, " ( ", line)
  gsub(/\)/, " ) ", line)
  count = split(line, word, /[ \t"]+/)
  for (i = 1; i <= count; ++i) {
    if (word[i] == "(") { command = before; target = ""; continue }
    if (word[i] == ")") { command = ""; continue }
    before = word[i]
    if (command !~ /^(target_sources|add_executable|add_library|p2p_)/) continue
    if (target == "") target = word[i]
    if (word[i] ~ /^[^$]*\.[ch]pp$/) list_file(folder_of(FILENAME) "/" word[i], target)
  }
}

function heavy_header(name) {
  if (name == "openssl/types.h") return 0
  return name ~ /^(boost\/beast|boost\/asio\/ssl|openssl|spdlog|CLI)[\/.]/
}

function outer_header(name) {
  if (heavy_header(name) || name == "openssl/types.h") return 1
  # Words of addresses and the conversion of their text; the calls are looked for below.
  if (name ~ /^(sys\/types|arpa\/inet|netinet\/in)\.h$/) return 0
  return name ~ /^(boost\/asio|sys|arpa|netinet|linux|systemd)([\/.]|$)/ ||
    name ~ /^(sqlite3|unistd|fcntl|netdb|poll|pthread|dirent|signal|ifaddrs|spawn|net\/if|netlink\/.*)\.h$/ ||
    name ~ /^(fstream|iostream|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier)$/ ||
    name ~ /^(stop_token|csignal|coroutine)$/
}

# A path is a value like any other; asking the disk about it is not.
function outer_call(line) {
  sub(/\/\/.*/, "", line)
  if (match(line, /(_clock::now|std::this_thread|std::random_device|getenv|fopen|std::time|gettimeofday)[ ]*[(:{]/) ||
      match(line, /std::(cout|cerr|cin|jthread|thread)[^a-z_]/) ||
      match(line, /(fs|filesystem)::(exists|status|symlink_status|is_[a-z_]+|create_[a-z_]+|remove|remove_all|rename|copy|copy_file|resize_file|file_size|last_write_time|permissions|space|canonical|weakly_canonical|absolute|relative|proximate|equivalent|read_symlink|current_path|temp_directory_path|directory_iterator|recursive_directory_iterator|directory_entry)[ ]*[({&>]/) ||
      match(line, /(^|[^A-Za-z0-9_>])::(socket|connect|bind|listen|accept|accept4|send|sendto|sendmsg|recv|recvfrom|recvmsg|open|openat|read|write|close|stat|fork|kill|getpid|time)[ ]*\(/))
    return substr(line, RSTART, RLENGTH - 1)
  return ""
}

BEGIN {
  count = split("base|config crypto ratelimit metrics|vault|pki|auth|net|membership|rpc|services logs acme addresses dashboard|cli|tools",
                tier, "|")
  for (i = 1; i <= count; ++i) {
    many = split(tier[i], subject, " ")
    for (j = 1; j <= many; ++j) level[subject[j]] = i
  }
}

FNR == 1 { command = ""; before = "" }
FILENAME ~ /CMakeLists\.txt$/ { read_list($0); next }
FNR == 1 { seen[FILENAME] = 1; order[++files] = FILENAME }

/^[ \t]*#[ \t]*include/ {
  name = $0
  quoted = name ~ /include[ \t]*"/
  sub(/^[^"<]*["<]/, "", name)
  sub(/[">].*/, "", name)
  ++includes
  from[includes] = FILENAME
  line_of[includes] = FNR
  if (quoted) inner[includes] = name
  else angle[includes] = name
  next
}

{ call = outer_call($0); if (call != "") { calls[++call_count] = call; call_at[call_count] = FILENAME ":" FNR } }

# Where a quoted include leads: the folder of libcommon first, then beside the including file.
function resolve(path, name, folder) {
  if (("libcommon/" name) in seen) return "libcommon/" name
  folder = folder_of(path)
  while (sub(/^\.\.\//, "", name)) folder = folder ~ /\// ? folder_of(folder) : ""
  if (folder != "") name = folder "/" name
  return name in seen ? name : ""
}

function check_lists(i, path) {
  for (path in owner) if (!(path in seen)) complain(listed_in[path], "lists " path ", which is not there")
  for (i = 1; i <= files; ++i) {
    path = order[i]
    if (path in owner) {
      if (path ~ /^libcommon\// && owner[path] !~ /^p2p_(core|io)$/)
        complain(path, "belongs to " owner[path] ", not to p2p_core or p2p_io")
    } else if (path ~ /^libcommon\// || (path ~ /\.cpp$/ && path != "tests/unit/doctest_main.cpp")) {
      complain(path, "not listed in any CMakeLists.txt")
    }
  }
}

# A header is heavy when it includes a heavy header itself or through another header.
function mark_heavy(i, changed, to) {
  do {
    changed = 0
    for (i = 1; i <= includes; ++i) {
      if (from[i] !~ /\.hpp$/ || from[i] in heavy) continue
      if (i in angle ? heavy_header(angle[i]) : (target_of[i] in heavy)) {
        heavy[from[i]] = i in angle ? "<" angle[i] ">" : target_of[i]
        changed = 1
      }
    }
  } while (changed)
}

function check_include(i, path, where, to, mine, its) {
  path = from[i]
  where = path ":" line_of[i]
  if (i in angle) {
    if (owner[path] == "p2p_core" && outer_header(angle[i])) complain(where, "pure, but includes <" angle[i] ">")
    return
  }
  to = target_of[i]
  if (to == "") { complain(where, "includes \"" inner[i] "\", which is not there"); return }
  if (owner[path] == "p2p_core" && owner[to] == "p2p_io") complain(where, "pure, but includes " to " of p2p_io")
  mine = subject_of(path)
  its = subject_of(to)
  if (mine == "tests" || mine == its) return
  if (level_of(its) >= level_of(mine)) complain(where, mine " must not include " its)
  if (to in heavy) complain(where, "includes " to " of another folder, which pulls in " heavy[to])
}

END {
  check_lists()
  for (i = 1; i <= files; ++i)
    if (order[i] ~ /^libcommon\// && level_of(subject_of(order[i])) < 0) complain(order[i], "in a folder without a level")
  for (i = 1; i <= includes; ++i) target_of[i] = i in inner ? resolve(from[i], inner[i]) : ""
  mark_heavy()
  for (i = 1; i <= includes; ++i) check_include(i)
  for (i = 1; i <= call_count; ++i) {
    path = call_at[i]
    sub(/:.*/, "", path)
    if (owner[path] == "p2p_core") complain(call_at[i], "pure, but uses " calls[i])
  }
  exit bad
}
