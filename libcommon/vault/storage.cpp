#include "vault/storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/system_clock.hpp"
#include "vault/entry_name.hpp"
#include "vault/plain_file.hpp"

namespace p2p::vault {
namespace {

namespace fs = std::filesystem;

std::chrono::sys_seconds now_seconds() { return std::chrono::floor<std::chrono::seconds>(SystemClock().wall()); }

Result<void> remove_file(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  return failed ? system_error(failed.value(), path.string()) : Result<void>();
}

Result<void> apply(Change& change, Contents& contents) {
  if (change.content) return contents.put(change.name, std::move(*change.content), now_seconds());
  if (contents.find(change.name) == nullptr) return {};
  return contents.remove(change.name);
}

}  // namespace

Result<crypto::SecretBuffer> PlainStorage::read(const std::string& name, std::size_t max_bytes, bool secret) {
  if (auto checked = check_entry_name(name); !checked) return checked.error();
  return read_plain_file(home_ / name, max_bytes, secret);
}

Result<void> PlainStorage::write(std::vector<Change> changes) {
  for (const auto& change : changes) {
    if (auto checked = check_entry_name(change.name); !checked) return checked;
  }
  for (const auto& change : changes) {
    const fs::path path = home_ / change.name;
    auto done = change.content ? write_file(path, as_text(change.content->view()), change.mode) : remove_file(path);
    if (!done) return done;
  }
  return {};
}

Result<std::vector<std::string>> PlainStorage::names(const std::string& folder) {
  auto out = plain_files_below(home_ / folder);
  if (!out && out.error().kind() == Errc::not_found) return std::vector<std::string>();
  if (out) {
    for (auto& name : *out) name.insert(0, folder + "/");
  }
  return out;
}

Result<crypto::Secret> VaultStorage::master_for(const Header& header) {
  {
    const std::scoped_lock held(mutex_);
    if (!master_.empty() && salt_ == header.salt) return crypto::Secret(master_.view());
  }
  auto asked = unlock_(header);
  if (!asked) return asked;
  const auto keys = expand_master(*asked);
  if (!keys) return keys.error();
  // One that does not fit is not kept, so that the next call asks again.
  if (fits(*keys, header)) {
    const std::scoped_lock held(mutex_);
    salt_ = header.salt;
    master_ = crypto::Secret(asked->view());
  }
  return asked;
}

Unlock VaultStorage::remembering() {
  return [this](const Header& header) { return master_for(header); };
}

Result<crypto::SecretBuffer> VaultStorage::read(const std::string& name, std::size_t max_bytes, bool) {
  const auto opened = file_.open(remembering());
  if (!opened) return opened.error();
  const auto* entry = opened->contents.find(name);
  if (entry != nullptr && entry->content_bytes > max_bytes) {
    return Error(Errc::too_large, fmt::format("entry {}: larger than {} bytes", quoted_name(name), max_bytes));
  }
  return opened->contents.read(name);
}

Result<void> VaultStorage::write(std::vector<Change> changes) {
  return file_.update(remembering(), [&](Contents& contents) -> Result<void> {
    for (auto& change : changes) {
      if (auto done = apply(change, contents); !done) return done;
    }
    return {};
  });
}

Result<std::vector<std::string>> VaultStorage::names(const std::string& folder) {
  const auto opened = file_.open(remembering());
  if (!opened) return opened.error();
  std::vector<std::string> out;
  for (const auto* entry : opened->contents.entries()) {
    const bool is_below = entry->name.starts_with(folder + "/");
    if (is_below && entry->name.find("/.") == std::string::npos) out.push_back(entry->name);
  }
  return out;
}

std::unique_ptr<Storage> open_storage(const fs::path& home, const fs::path& vault_file, Unlock unlock) {
  VaultFile file(vault_file);
  if (file.exists()) return std::make_unique<VaultStorage>(std::move(file), std::move(unlock));
  return std::make_unique<PlainStorage>(home);
}

}  // namespace p2p::vault
