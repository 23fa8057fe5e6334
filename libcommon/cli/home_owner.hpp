// Root works on a home as its owner: what is written there belongs to whoever owns the home (the service's user), not
// to root who types the command. Nothing changes for anybody else, where the home is root's, and where there is none
// yet.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "cli/failure.hpp"

namespace p2p::cli {

/// For good: root cannot be had back.
Attempt<void> become_owner_of(const std::filesystem::path& home);

/// Except within an AsCaller.
Attempt<void> act_as_owner_of(const std::filesystem::path& home);

/// As long as it lives, this process acts as who started it: for files that a person names outside home. One thread.
class AsCaller {
 public:
  AsCaller();
  AsCaller(const AsCaller&) = delete;
  AsCaller& operator=(const AsCaller&) = delete;
  ~AsCaller();

 private:
  const uid_t user_;
  const gid_t group_;
};

}  // namespace p2p::cli
