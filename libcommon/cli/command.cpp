#include "cli/command.hpp"

namespace p2p::cli {

Attempt<void> Session::confirm(const std::string& question) const {
  const auto answer = ask ? ask(question) : Result<bool>(Error(Errc::invalid, "there is no terminal to ask on"));
  if (!answer) return Failure(answer.error(), "--yes answers the question");
  if (!*answer) return Failure(kFailed, "not confirmed; nothing was changed");
  return {};
}

}  // namespace p2p::cli
