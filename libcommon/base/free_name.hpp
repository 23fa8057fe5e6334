// Where a file is kept that must not take the place of one that was kept before.
#pragma once

#include <fmt/format.h>

#include <filesystem>

#include "base/file.hpp"

namespace p2p {

/// `wanted`, else `wanted.2`, `wanted.3`, …: the first that is not there.
inline std::filesystem::path free_name(const std::filesystem::path& wanted) {
  std::filesystem::path out = wanted;
  for (int i = 2; file_exists(out); ++i) out = fmt::format("{}.{}", wanted.string(), i);
  return out;
}

}  // namespace p2p
