#include "terminal.hpp"

#include <cstdio>
#include <memory>

#include "base/text.hpp"

namespace p2p::ca {
namespace {

struct FileDeleter {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

Result<bool> confirm(const std::string& question) {
  const std::unique_ptr<std::FILE, FileDeleter> terminal(std::fopen("/dev/tty", "r+e"));
  if (!terminal) return Error(Errc::invalid, "there is no terminal to ask on");
  std::fprintf(terminal.get(), "%s [y/N] ", question.c_str());
  std::fflush(terminal.get());
  char answer[64] = {};
  if (std::fgets(answer, sizeof answer, terminal.get()) == nullptr) return false;
  const std::string word = lower_ascii(trim(answer));
  return word == "y" || word == "yes";
}

}  // namespace p2p::ca
