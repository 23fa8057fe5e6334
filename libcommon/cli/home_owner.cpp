#include "cli/home_owner.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

namespace p2p::cli {
namespace {

struct HomeOwner {
  uid_t user;
  gid_t group;
};

/// Whom root has to become; none when nothing has to be done.
std::optional<HomeOwner> owner_to_become(const std::filesystem::path& home) {
  struct stat found {};
  if (::geteuid() != 0 || ::stat(home.c_str(), &found) != 0 || found.st_uid == 0) return std::nullopt;
  return HomeOwner{found.st_uid, found.st_gid};
}

Failure cannot_become_owner(const std::filesystem::path& home) {
  return {kFailed, fmt::format("cannot become the owner of {}", home.string())};
}

}  // namespace

Attempt<void> become_owner_of(const std::filesystem::path& home) {
  const auto owner = owner_to_become(home);
  if (!owner) return {};
  const bool done = ::setgroups(0, nullptr) == 0 && ::setgid(owner->group) == 0 && ::setuid(owner->user) == 0;
  return done ? Attempt<void>() : cannot_become_owner(home);
}

Attempt<void> act_as_owner_of(const std::filesystem::path& home) {
  const auto owner = owner_to_become(home);
  if (!owner) return {};
  const bool done = ::setgroups(0, nullptr) == 0 && ::setegid(owner->group) == 0 && ::seteuid(owner->user) == 0;
  return done ? Attempt<void>() : cannot_become_owner(home);
}

// Root is let back to what it gave up for a while, so that these cannot fail; to go on as the wrong user would be worse
// than to end.
AsCaller::AsCaller() : user_(::geteuid()), group_(::getegid()) {
  if (user_ == ::getuid()) return;
  if (::seteuid(::getuid()) != 0 || ::setegid(::getgid()) != 0) std::abort();
}

AsCaller::~AsCaller() {
  if (user_ == ::geteuid()) return;
  if (::setegid(group_) != 0 || ::seteuid(user_) != 0) std::abort();
}

}  // namespace p2p::cli
