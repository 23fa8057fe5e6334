#include "cli/named_file.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "cli/home_owner.hpp"

namespace p2p::cli {

Attempt<void> check_named_file(const std::filesystem::path& file) {
  const AsCaller caller;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!file_exists(folder)) {
    return Failure(Error(Errc::not_found, fmt::format("{}: no such folder", folder.string())),
                   "is it misspelt? else make it: mkdir -p " + folder.string());
  }
  if (auto writable = check_writable(folder); !writable) return writable.error();
  return {};
}

Attempt<void> write_named_file(const std::filesystem::path& file, std::string_view content, mode_t mode, bool replace) {
  if (auto checked = check_named_file(file); !checked) return checked;
  const AsCaller caller;
  const auto written = replace ? write_file(file, content, mode) : create_file(file, content, mode);
  if (written) return {};
  return Failure(written.error(), written.error().kind() == Errc::exists ? "--force replaces it" : "");
}

}  // namespace p2p::cli
