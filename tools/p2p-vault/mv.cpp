// p2p-vault mv: gives an entry another name.
#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Mv final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.argument("NAME", from_, "the entry")
        .argument("NEW-NAME", to_, "what it is to be called")
        .flag("-f,--force", force_, "replace an entry that is called so already");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session&) override {
    return access.update([&](vault::Contents& contents) -> Result<void> {
      if (auto free = check_free(contents, to_, force_ || from_ == to_); !free) return free;
      return contents.rename(from_, to_);
    });
  }

  std::string from_, to_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_mv() { return std::make_unique<Mv>(); }

}  // namespace p2p::vault_tool
