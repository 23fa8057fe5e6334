// p2p-vault export: writes all entries as plain files.
#include <fmt/format.h>

#include "base/file.hpp"
#include "cli/home_owner.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

/// Names cannot lead out of the folder, but what is in it already can: a symbolic link, in place of a folder.
Result<void> check_place(const fs::path& folder, const std::string& name) {
  fs::path place = folder;
  const fs::path relative(name);
  for (const auto& part : relative) {
    place /= part;
    std::error_code ignored;
    const auto type = fs::symlink_status(place, ignored).type();
    if (type == fs::file_type::not_found) return {};
    if (type != fs::file_type::directory) return Error(Errc::exists, place.string() + ": already exists");
  }
  return Error(Errc::exists, place.string() + ": already exists");
}

class Export final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.argument("DIR", folder_, "the folder to write to; made in one that is there");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    fs::path folder = folder_;
    if (!folder.has_filename()) folder = folder.parent_path();  // `keys/`
    if (auto checked = cli::check_named_file(folder); !checked) return checked;
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto entries = opened->contents.entries();
    const cli::AsCaller as_caller;
    for (const auto* entry : entries) {
      if (auto free = check_place(folder_, entry->name); !free) {
        return cli::Failure(free.error(), "nothing was written: an export replaces no file and follows no link");
      }
    }
    if (auto made = make_folder(folder_); !made) return made.error();
    for (const auto* entry : entries) {
      const auto content = opened->contents.read(entry->name);
      if (!content) return access.explain(content.error());
      const auto written = create_file(fs::path(folder_) / entry->name, as_text(content->view()), kSecretMode);
      if (!written) return written.error();
    }
    session.report.note(fmt::format("wrote {} to {}", entries_text(entries.size()), folder_));
    session.report.warning("they are not encrypted there");
    return {};
  }

  std::string folder_;
};

}  // namespace

std::unique_ptr<cli::Command> make_export() { return std::make_unique<Export>(); }

}  // namespace p2p::vault_tool
