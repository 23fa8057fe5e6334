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
  const char* variable;  ///< of the environment; taken out of it whatever answers, see take_variable
  /// What take_variable gave for it before; it is used up. None: the environment is asked now.
  std::optional<crypto::Secret>* taken = nullptr;
  std::string file{};               ///< empty: none
  std::optional<int> descriptor{};  ///< open for reading; read to its end, and left open
  const char* credential = "";      ///< a file in $CREDENTIALS_DIRECTORY; empty: none
  std::string prompt;               ///< the question on the terminal when there is nothing else; empty: none
  bool repeat = false;              ///< asks twice, for a password that is new
  const char* noun = "password";
  std::size_t max_bytes = kMaxPasswordBytes;
};

/// The variable's text, wiped and unset in the environment, so that no child and no core has it; none when it is not
/// set.
std::optional<crypto::Secret> take_variable(const char* name);

/// Where to read a password instead of from `descriptor`, which programs that this one starts do not get: they find
/// nothing on a standard one, and others closed.
int keep_from_children(int descriptor);

/// Ctrl-C at a prompt ends this process as it would elsewhere, and what is typed afterwards is shown again. An empty
/// answer is asked for again, three times in all; the end of the terminal's input is `cancelled`.
/// The one trailing newline of a file or descriptor is dropped, and a file that others can read is refused. `invalid`
/// for an empty or overlong password, two different answers, or nobody there to ask.
Attempt<crypto::Secret> read_password(const PasswordSource& source);

}  // namespace p2p::cli
