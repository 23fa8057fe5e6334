// Passwords and other secrets of one line: from the environment, a file, or a prompt; never from the command line.
#pragma once

#include <string>

#include "cli/failure.hpp"
#include "crypto/secret.hpp"

namespace p2p::cli {

inline constexpr std::size_t kMaxPasswordBytes = 1024;

struct PasswordSource {
  const char* variable;  ///< of the environment
  std::string file{};    ///< read when the variable is not set; empty: none
  std::string prompt;    ///< the question on the terminal when there is neither
  bool repeat = false;   ///< asks twice, for a password that is new
  const char* noun = "password";
  std::size_t max_bytes = kMaxPasswordBytes;
};

/// A password file's one trailing newline is dropped, and a file that others can read is refused. `invalid` for an
/// empty or overlong password, two different answers, or nobody there to ask.
Attempt<crypto::Secret> read_password(const PasswordSource& source);

}  // namespace p2p::cli
