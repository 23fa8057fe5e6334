#include "base/schema.hpp"

#include <fmt/format.h>

namespace p2p {
namespace {

namespace fs = std::filesystem;

Result<std::size_t> version_of(Database& database) {
  auto query = database.prepare("PRAGMA user_version");
  if (!query) return query.error();
  if (const auto row = query->step(); !row) return row.error();
  return static_cast<std::size_t>(query->integer(0));
}

/// An unfinished copy of before is replaced.
Result<void> copy_aside(Database& database, const fs::path& path, std::size_t version) {
  const fs::path copy = fmt::format("{}.v{}", path.string(), version);
  const fs::path part = copy.string() + ".tmp";
  std::error_code failed;
  fs::remove(part, failed);
  if (auto copied = database.copy_to(part); !copied) return copied;
  fs::rename(part, copy, failed);
  if (failed) return Error(Errc::failed, copy.string() + ": " + failed.message());
  return {};
}

}  // namespace

Result<void> migrate(Database& database, const fs::path& path, std::span<const char* const> steps) {
  auto version = version_of(database);
  if (!version) return version.error();
  if (*version == steps.size()) return {};
  if (*version > 0 && *version < steps.size()) {
    if (auto copied = copy_aside(database, path, *version); !copied) return copied;
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  version = version_of(database);  // another process may have been faster
  if (!version) return version.error();
  if (*version > steps.size()) {
    return Error(Errc::unsupported,
                 fmt::format("{}: of version {}, this program knows {}", path.string(), *version, steps.size()));
  }
  for (std::size_t at = *version; at < steps.size(); ++at) {
    if (auto done = database.execute(steps[at]); !done) return done;
  }
  if (auto done = database.execute(fmt::format("PRAGMA user_version = {}", steps.size())); !done) return done;
  return transaction->commit();
}

}  // namespace p2p
