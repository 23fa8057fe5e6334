// Ownership of a C stream, such as the terminal's.
#pragma once

#include <cstdio>
#include <memory>

namespace p2p::cli {

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

}  // namespace p2p::cli
