#!/usr/bin/env bats
# The house rules catch what they are for: a small clean tree passes, and each planted violation is named.

setup() {
  layers=$BATS_TEST_DIRNAME/layers
  cd "$BATS_TEST_TMPDIR" || return
  mkdir -p libcommon/{base,crypto,config,net,rpc} tools/p2p-ca tests/unit/base
  put libcommon/base/text.hpp '#pragma once' '#include <string>'
  put libcommon/base/text.cpp '#include "base/text.hpp"'
  put libcommon/base/file.hpp '#include "base/text.hpp"'
  put libcommon/base/file.cpp '#include "base/file.hpp"' '#include <unistd.h>' 'auto t = steady_clock::now();'
  put libcommon/base/CMakeLists.txt 'target_sources(p2p_core PRIVATE' '  text.cpp text.hpp  # a comment' ')' \
    'target_sources(p2p_io PRIVATE file.cpp file.hpp)'
  put libcommon/net/beast.hpp '#include <boost/beast.hpp>'
  put libcommon/net/stream.hpp '#include "net/beast.hpp"'
  put libcommon/net/stream.cpp '#include "net/stream.hpp"' '#include "base/file.hpp"'
  put libcommon/net/CMakeLists.txt 'target_sources(p2p_io PRIVATE beast.hpp stream.hpp stream.cpp)'
  put tools/p2p-ca/main.cpp '#include "base/file.hpp"' '#include "init.hpp"'
  put tools/p2p-ca/init.hpp '#pragma once'
  put tools/p2p-ca/CMakeLists.txt 'p2p_tool(p2p-ca main.cpp)'
  put tests/unit/base/text_test.cpp '#include "base/text.hpp"'
  put tests/unit/base/CMakeLists.txt 'p2p_unit_test(base text_test.cpp)'
  mkdir tests/sim
  put tests/sim/world.cpp '#include "base/text.hpp"'
  put tests/sim/CMakeLists.txt 'add_library(world OBJECT world.cpp)'
}

put() {
  local path=$1
  shift
  printf '%s\n' "$@" >"$path"
}

# add_file FOLDER TARGET NAME LINE…: one more listed file.
add_file() {
  local folder=$1 target=$2 name=$3
  shift 3
  put "$folder/$name" "$@"
  echo "target_sources($target PRIVATE $name)" >>"$folder/CMakeLists.txt"
}

refused() {
  run "$layers" .
  echo "$output"
  [ "$status" -eq 1 ]
  [ "$output" = "$1" ]
}

@test "a clean tree passes in silence" {
  run "$layers" .
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "a pure file that includes an outer file" {
  echo '#include "base/file.hpp"' >>libcommon/base/text.cpp
  refused 'libcommon/base/text.cpp:2: pure, but includes libcommon/base/file.hpp of p2p_io'
}

@test "a pure file that includes a header of the system" {
  for header in boost/asio/post.hpp openssl/evp.h sqlite3.h sys/socket.h unistd.h fstream thread mutex; do
    put libcommon/base/text.cpp "#include <$header>"
    refused "libcommon/base/text.cpp:1: pure, but includes <$header>"
  done
}

@test "a pure file that reads a clock, the environment or an unseeded random" {
  for call in 'steady_clock::now' 'system_clock::now' 'std::getenv' 'std::random_device'; do
    put libcommon/base/text.cpp "auto x = std::chrono::$call();"
    run "$layers" .
    [ "$status" -eq 1 ]
    [[ $output == "libcommon/base/text.cpp:1: pure, but uses "* ]]
  done
  put libcommon/base/text.cpp '// steady_clock::now() is only spoken of here.'
  run "$layers" .
  [ "$status" -eq 0 ]
}

@test "a pure file may hold a path, but not ask the disk about it" {
  put libcommon/base/text.cpp '#include <filesystem>' 'auto p = std::filesystem::path("a") / "b";'
  run "$layers" .
  [ "$status" -eq 0 ]
  put libcommon/base/text.cpp '#include <filesystem>' 'bool b = fs::exists(p);'
  refused 'libcommon/base/text.cpp:2: pure, but uses fs::exists'
  put libcommon/base/text.cpp '#include <arpa/inet.h>' 'int s = ::socket(1, 2, 3);'
  run "$layers" .
  [ "$status" -eq 1 ]
}

@test "an include upwards" {
  put libcommon/rpc/method.hpp
  put libcommon/rpc/CMakeLists.txt 'target_sources(p2p_io PRIVATE method.hpp)'
  add_file libcommon/net p2p_io client.cpp '#include "rpc/method.hpp"'
  refused 'libcommon/net/client.cpp:1: net must not include rpc'
}

@test "an include sideways" {
  put libcommon/crypto/digest.hpp
  put libcommon/crypto/CMakeLists.txt 'target_sources(p2p_io PRIVATE digest.hpp)'
  put libcommon/config/load.cpp '#include "crypto/digest.hpp"'
  put libcommon/config/CMakeLists.txt 'target_sources(p2p_io PRIVATE load.cpp)'
  refused 'libcommon/config/load.cpp:1: config must not include crypto'
}

@test "one tool that includes another" {
  mkdir tools/p2p-ctl
  put tools/p2p-ctl/main.cpp '#include "../p2p-ca/init.hpp"'
  put tools/p2p-ctl/CMakeLists.txt 'p2p_tool(p2p-ctl main.cpp)'
  refused 'tools/p2p-ctl/main.cpp:1: tools/p2p-ctl must not include tools/p2p-ca'
}

@test "an include of a file that is not there" {
  put libcommon/base/text.cpp '#include "base/gone.hpp"'
  refused 'libcommon/base/text.cpp:1: includes "base/gone.hpp", which is not there'
}

@test "a file that no list has" {
  put libcommon/base/lost.hpp
  refused 'libcommon/base/lost.hpp: not listed in any CMakeLists.txt'
}

@test "a test that is never built" {
  put tests/unit/base/lost_test.cpp
  refused 'tests/unit/base/lost_test.cpp: not listed in any CMakeLists.txt'
}

@test "a file in both lists" {
  echo 'target_sources(p2p_io PRIVATE text.cpp)' >>libcommon/base/CMakeLists.txt
  run "$layers" .
  [ "$status" -eq 1 ]
  [[ $output == *'libcommon/base/text.cpp: listed more than once'* ]]
}

@test "a listed file that is not there" {
  echo 'target_sources(p2p_io PRIVATE gone.cpp)' >>libcommon/base/CMakeLists.txt
  refused 'libcommon/base/CMakeLists.txt: lists libcommon/base/gone.cpp, which is not there'
}

@test "a folder that the order does not know" {
  mkdir libcommon/misc
  put libcommon/misc/a.hpp
  put libcommon/misc/CMakeLists.txt 'target_sources(p2p_io PRIVATE a.hpp)'
  refused 'libcommon/misc/a.hpp: in a folder without a level'
}

@test "a heavy header reaches another folder, even through one more header" {
  put libcommon/rpc/call.cpp '#include "net/stream.hpp"'
  put libcommon/rpc/CMakeLists.txt 'target_sources(p2p_io PRIVATE call.cpp)'
  refused 'libcommon/rpc/call.cpp:1: includes libcommon/net/stream.hpp of another folder, which pulls in libcommon/net/beast.hpp'
}
