// p2p-vault put: puts files into the vault.
#include <fmt/format.h>

#include <algorithm>

#include "cli/home_owner.hpp"
#include "cli/input.hpp"
#include "commands.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault/plain_file.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

namespace fs = std::filesystem;

constexpr char kStandardInput[] = "-";
constexpr std::size_t kFirstReadBytes = std::size_t{1} << 16;

/// All of a stream, in memory that is wiped as it grows.
Result<crypto::SecretBuffer> read_stream(std::istream& in) {
  crypto::SecretBuffer out(kFirstReadBytes);
  std::size_t size = 0;
  while (in.read(reinterpret_cast<char*>(out.data()) + size, static_cast<std::streamsize>(out.size() - size))) {
    size = out.size();
    if (size > vault::kMaxContentBytes) return Error(Errc::too_large, "standard input is too long for a vault");
    crypto::SecretBuffer larger(2 * size);
    std::copy_n(out.data(), size, larger.data());
    out = std::move(larger);
  }
  if (auto checked = cli::check_read(in); !checked) return checked.error();
  out.shrink(size + static_cast<std::size_t>(in.gcount()));
  return out;
}

/// A relative path is its own name, as far as it can be one; of others, the part below home or the last part.
std::string name_of(const fs::path& file, const fs::path& home) {
  const fs::path normal = file.lexically_normal();
  if (normal.is_relative() && vault::check_entry_name(normal.generic_string())) return normal.generic_string();
  const fs::path below = normal.lexically_relative(home);
  const bool is_below = !below.empty() && vault::check_entry_name(below.generic_string()).has_value();
  return is_below ? below.generic_string() : normal.filename().string();
}

class Put final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.arguments("FILE", files_, 1, "files to put; - is standard input, and needs --as")
        .text("--as", "NAME", name_, "what the entry is called (else as the file)")
        .flag("-f,--force", force_, "replace an entry that is there already");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    if (!name_.empty() && files_.size() > 1) return Error(Errc::invalid, "--as names one entry, but there are several");
    // Before a password is asked for.
    if (const auto header = access.read_header(); !header) return header.error();
    std::vector<NewEntry> entries;
    for (const auto& file : files_) {
      auto entry = read(file, session);
      if (!entry) return entry.error();
      if (std::ranges::find(entries, entry->name, &NewEntry::name) != entries.end()) {
        return Error(Errc::invalid, fmt::format("two of the files would be the entry {}: put them one by one with --as",
                                                vault::quoted_name(entry->name)));
      }
      entries.push_back(std::move(*entry));
    }
    const auto count = entries.size();
    const auto done = access.update([&](vault::Contents& contents) -> Result<void> {
      for (auto& entry : entries) {
        if (auto free = check_free(contents, entry.name, force_); !free) return free;
        if (auto put = contents.put(entry.name, std::move(entry.content), now_seconds()); !put) return put;
      }
      return {};
    });
    if (!done) return done;
    session.report.note(fmt::format("put {}", count == 1 ? vault::quoted_name(entries[0].name) : entries_text(count)));
    return {};
  }

  Result<NewEntry> read(const std::string& file, cli::Session& session) const {
    NewEntry out{name_, {}};
    const bool is_input = file == kStandardInput;
    if (is_input && name_.empty()) return Error(Errc::invalid, "standard input has no name: --as NAME is missing");
    if (name_.empty()) out.name = name_of(file, session.home);
    if (auto checked = vault::check_entry_name(out.name); !checked) return checked.error();
    const cli::AsCaller as_caller;
    auto content = is_input ? read_stream(session.in) : vault::read_plain_file(file, vault::kMaxContentBytes, false);
    if (!content) return content.error();
    out.content = std::move(*content);
    return out;
  }

  std::vector<std::string> files_;
  std::string name_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_put() { return std::make_unique<Put>(); }

}  // namespace p2p::vault_tool
