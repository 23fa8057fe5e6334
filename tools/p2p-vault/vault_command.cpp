#include "vault_command.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/system_clock.hpp"
#include "cli/home_owner.hpp"
#include "cli/password.hpp"
#include "vault/entry_name.hpp"

namespace p2p::vault_tool {

std::string json_text(const Document& document) { return document.dump(); }

void VaultCommand::declare(cli::Options& options) {
  declare_own(options);
  flags_.declare(options);
}

cli::Attempt<void> VaultCommand::run(cli::Session& session) {
  // That of home is its owner's, who may change what is there at any moment; another was named by who typed this.
  if (flags_.file.empty()) {
    if (auto done = cli::act_as_owner_of(session.home); !done) return done;
  }
  auto access = cli::VaultAccess::find(flags_, session.home);
  if (!access) return access.error();
  access->take_variable();
  return run_with(*access, session);
}

void NewPassword::declare(cli::Options& options, const std::string& prefix, const char* variable) {
  variable_ = variable;
  options
      .text(fmt::format("--{}-password-file", prefix), "FILE", file_,
            fmt::format("the new password (else ${}, a prompt)", variable))
      .number(fmt::format("--{}-password-fd", prefix), "N", descriptor_, 0, cli::kMaxDescriptor,
              "the new password, from this open file descriptor");
}

cli::Attempt<crypto::Secret> NewPassword::read(const std::string& prompt, cli::Reporter& report) const {
  return cli::checked_password(cli::read_password({.variable = variable_,
                                                   .file = file_,
                                                   .descriptor = cli::given_descriptor(descriptor_),
                                                   .prompt = prompt,
                                                   .repeat = true}),
                               report);
}

std::string entries_text(std::size_t count) { return count == 1 ? "1 entry" : fmt::format("{} entries", count); }

void declare_iterations(cli::Options& options, std::uint64_t& to) {
  options.number("--iterations", "N", to, vault::kMinIterations, vault::kMaxIterations,
                 fmt::format("how long a guess at the password takes (default {})", to));
}

bool same_bytes(const crypto::SecretBuffer& a, const crypto::SecretBuffer& b) {
  return std::ranges::equal(a.view(), b.view());
}

Result<void> check_free(const vault::Contents& contents, const std::string& name, bool force) {
  if (force || contents.find(name) == nullptr) return {};
  return Error(vault::VaultErrc::entry_exists, fmt::format("entry {} already exists", vault::quoted_name(name)));
}

}  // namespace p2p::vault_tool
