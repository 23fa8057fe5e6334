// p2p-vault get: prints an entry, or writes it to a file.
#include "base/file.hpp"
#include "cli/home_owner.hpp"
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
    const cli::AsCaller as_caller;
    const auto write = force_ ? write_file : create_file;
    if (auto written = write(out_, as_text(content->view()), kSecretMode); !written) {
      return cli::Failure(written.error(), written.error().kind() == Errc::exists ? "--force replaces it" : "");
    }
    return {};
  }

  std::string name_, out_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_get() { return std::make_unique<Get>(); }

}  // namespace p2p::vault_tool
