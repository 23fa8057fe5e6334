// What the command line says, as written; the commands judge it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace p2p::ca {

struct Options {
  std::string home;
  bool quiet = false;
  std::string format = "table";      // list, show, verify
  std::vector<std::string> targets;  // names to sign; names or files to show and verify
  std::string cluster = "p2p";       // init
  std::string key_type = "ecdsa-p256";
  std::optional<std::int64_t> days;  // init, sign; each has its default
  bool force = false;
  bool yes = false;                // init
  std::string role;                // sign
  std::vector<std::string> names;  // sign: --san
  std::string bundle;              // sign
};

}  // namespace p2p::ca
