// The openssl command as an independent judge of what the library makes.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/file.hpp"

namespace p2p::test {

/// A folder that is there for one test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "p2p-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  /// Writes `content` to a file of this name and returns its path.
  std::string put(const std::string& name, std::string_view content) const {
    if (!write_file(path_ / name, content, kSecretMode)) throw std::runtime_error("cannot write " + name);
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

struct Outcome {
  int exit_code = -1;
  std::string output;  ///< stdout and stderr
};

/// Runs `openssl <arguments>` in a shell.
inline Outcome openssl(const std::string& arguments) {
  Outcome out;
  FILE* pipe = ::popen(("openssl " + arguments + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  char chunk[4096];
  while (const std::size_t got = std::fread(chunk, 1, sizeof chunk, pipe)) out.output.append(chunk, got);
  const int status = ::pclose(pipe);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

}  // namespace p2p::test
