// Passwords and other secrets of one line: from a file, a descriptor, the environment, systemd's credentials, or a
// prompt; never from the command line.
#pragma once

#include <optional>
#include <string>

#include "cli/failure.hpp"
#include "crypto/secret.hpp"

namespace p2p::cli {

inline constexpr std::size_t kMaxPasswordBytes = 1024;

/// Where to look: file, descriptor, variable, credential, prompt.
struct PasswordSource {
  const char* variable;             ///< of the environment; wiped there, so that no child and no core has it
  std::string file{};               ///< empty: none
  std::optional<int> descriptor{};  ///< open for reading; read to its end, and left open
  const char* credential = "";      ///< a file in $CREDENTIALS_DIRECTORY; empty: none
  std::string prompt;               ///< the question on the terminal when there is nothing else; empty: none
  bool repeat = false;              ///< asks twice, for a password that is new
  const char* noun = "password";
  std::size_t max_bytes = kMaxPasswordBytes;
};

/// The one trailing newline of a file or descriptor is dropped, and a file that others can read is refused. `invalid`
/// for an empty or overlong password, two different answers, or nobody there to ask.
Attempt<crypto::Secret> read_password(const PasswordSource& source);

}  // namespace p2p::cli
