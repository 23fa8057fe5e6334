// p2p-vault edit: an entry in the editor of the user, in a memory file.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "cli/home_owner.hpp"
#include "commands.hpp"
#include "memory_file.hpp"
#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault_command.hpp"

namespace p2p::vault_tool {
namespace {

constexpr std::string_view kOtherVersion = ".edited";
constexpr std::size_t kMaxVersions = 1000;

/// `note.edited`, `note.edited-2` and so on; of a name that is too long for that, the beginning.
std::string version_name(std::string_view name, std::size_t version) {
  std::string suffix(kOtherVersion);
  if (version > 1) suffix += fmt::format("-{}", version);
  std::size_t size = std::min(name.size(), vault::kMaxNameBytes - suffix.size());
  // Not within a character of UTF-8.
  const auto is_within = [&](std::size_t at) { return at < name.size() && (name[at] & 0xc0) == 0x80; };
  while (size > 0 && is_within(size)) --size;
  return std::string(name.substr(0, size)) + suffix;
}

/// Puts it under a name that is free. Returns that.
Result<std::string> put_beside(vault::Contents& contents, const std::string& name, ByteView text) {
  Error last;
  for (std::size_t version = 1; version <= kMaxVersions; ++version) {
    std::string free = version_name(name, version);
    if (contents.find(free) != nullptr) continue;
    const auto done = contents.put(free, crypto::SecretBuffer::copy_of(text), now_seconds());
    if (done) return free;
    // Another may be the folder of entries.
    if (done.error().kind() != Errc::invalid) return done.error();
    last = done.error();
  }
  if (!last.context.empty()) return last;
  return Error(Errc::exists, fmt::format("{} has {} other versions", vault::quoted_name(name), kMaxVersions));
}

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// Ctrl-C in the editor is for the editor.
class IgnoredInterrupt {
 public:
  IgnoredInterrupt() : before_(std::signal(SIGINT, SIG_IGN)) {}
  IgnoredInterrupt(const IgnoredInterrupt&) = delete;
  IgnoredInterrupt& operator=(const IgnoredInterrupt&) = delete;
  ~IgnoredInterrupt() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

/// The variable may have options in it, so that a shell takes it apart, as git and others do.
Result<void> run_editor(const std::string& file) {
  const std::string editor = editor_command();
  const std::string line = editor + " \"$1\"";
  const char* const arguments[] = {"sh", "-c", line.c_str(), "sh", file.c_str(), nullptr};
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  const IgnoredInterrupt ignored;
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, "/bin/sh", nullptr, &attributes, const_cast<char**>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return system_error(failure, editor);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error(Errc::failed, fmt::format("the editor \"{}\" failed; nothing was changed", editor));
}

class Edit final : public VaultCommand {
  void declare_own(cli::Options& options) override {
    options.argument("NAME", name_, "the entry; a new one begins empty");
  }

  cli::Attempt<void> run_with(cli::VaultAccess& access, cli::Session& session) override {
    if (auto checked = vault::check_entry_name(name_); !checked) return checked.error();
    const auto opened = access.open();
    if (!opened) return opened.error();
    auto before = read(opened->contents);
    if (!before) return access.explain(before.error());
    if (opened->contents.find(name_) == nullptr) session.report.note(vault::quoted_name(name_) + " is new");
    const auto file = MemoryFile::make(before->view());
    if (!file) return file.error();
    session.report.warning(
        "an editor may keep swap, undo and backup files of its own on a disk; for vim: set noswapfile "
        "nobackup noundofile viminfo=");
    cli::forget_password_variables();
    for (;;) {
      {
        const cli::AsCaller as_caller;
        if (auto done = run_editor(file->path()); !done) return done.error();
      }
      const auto after = file->read(vault::kMaxContentBytes);
      if (!after) return after.error();
      if (same_bytes(*before, *after)) {
        session.report.note("not changed");
        return {};
      }
      auto saved = save(access, *before, *after, session);
      if (saved || saved.error().exit_code == cli::kPartial) return saved;
      session.report.failure(saved.error());
      if (!wants_another_try(session)) {
        return cli::Failure(saved.error().exit_code, "what you wrote is not in the vault, and is gone",
                            "with a terminal, edit asks whether to try again");
      }
    }
  }

  /// The text is still in the memory file, and the cause may be one that a person mends meanwhile.
  static bool wants_another_try(cli::Session& session) {
    if (!session.ask) return false;
    const auto answer = session.ask("Open the editor with your text again, and then try to save it once more?");
    return answer && *answer;
  }

  Result<crypto::SecretBuffer> read(const vault::Contents& contents) const {
    if (contents.find(name_) == nullptr) return crypto::SecretBuffer();
    return contents.read(name_);
  }

  /// Another may have changed the entry since; then both versions are kept.
  cli::Attempt<void> save(cli::VaultAccess& access, const crypto::SecretBuffer& before,
                          const crypto::SecretBuffer& after, cli::Session& session) const {
    std::string saved_as = name_;
    const auto done = access.update([&](vault::Contents& contents) -> Result<void> {
      const auto present = read(contents);
      if (!present) return present.error();
      if (same_bytes(*present, before)) {
        return contents.put(name_, crypto::SecretBuffer::copy_of(after.view()), now_seconds());
      }
      auto free = put_beside(contents, name_, after.view());
      if (!free) return free.error();
      saved_as = std::move(*free);
      return {};
    });
    if (!done) return done;
    if (saved_as == name_) {
      session.report.note("saved " + vault::quoted_name(name_));
      return {};
    }
    return cli::Failure(cli::kPartial, fmt::format("{} was changed by another meanwhile", vault::quoted_name(name_)),
                        "your version is the entry " + saved_as);
  }

  std::string name_;
};

}  // namespace

std::unique_ptr<cli::Command> make_edit() { return std::make_unique<Edit>(); }

}  // namespace p2p::vault_tool
