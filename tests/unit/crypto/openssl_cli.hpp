// The openssl command as an independent judge of what the library makes.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "../temporary_folder.hpp"
#include "base/file.hpp"

namespace p2p::test {

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
