// p2p-vault get: prints an entry, or writes it to a file.
#include "base/file.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

class Get final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.argument("NAME", name_, "the entry")
        .text("--out", "FILE", out_, "the file to write, which only you can read (else standard output)")
        .flag("-f,--force", force_, "replace the file if it is there already");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    const auto opened = access.open();
    if (!opened) return opened.error();
    const auto content = opened->contents.read(name_);
    if (!content) return access.explain(content.error());
    if (out_.empty()) {
      session.out.stream() << as_text(content->view());
      return {};
    }
    return cli::write_named_file(out_, as_text(content->view()), kSecretMode, force_);
  }

  std::string name_, out_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_get() { return std::make_unique<Get>(); }

}  // namespace p2p::vault_tool
