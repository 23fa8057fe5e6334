// p2p-vault ls: lists the entries.
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Ls final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.flag("-l,--long", long_, "also size and time of the last change");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto opened = access.open();
    if (!opened) return opened.error();
    Document entries = Document::array();
    for (const auto* entry : opened->contents.entries()) {
      entries.push_back({{"name", entry->name},
                         {"size_bytes", entry->content_bytes},
                         {"modified", format_rfc3339(WallTime(entry->modified), 0)}});
    }
    const auto size = [](const Json& row) { return cli::Cell{format_bytes(row["size_bytes"].get<std::uint64_t>())}; };
    std::vector<cli::Column> columns{cli::member_column("NAME", "name")};
    if (long_) {
      columns.push_back({"SIZE", size, cli::Align::right});
      columns.push_back(cli::member_column("MODIFIED", "modified"));
    }
    session.out.list(json_text(entries), columns, "name");
    return {};
  }

  bool long_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_ls() { return std::make_unique<Ls>(); }

}  // namespace p2p::vault_tool
