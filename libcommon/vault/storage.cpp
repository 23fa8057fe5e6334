#include "vault/storage.hpp"

#include <fmt/format.h>

#include "base/system_clock.hpp"
#include "vault/entry_name.hpp"

namespace p2p::vault {
namespace {

Result<void> apply(Change& change, Contents& contents) {
  if (change.content) return contents.put(change.name, std::move(*change.content), now_seconds());
  if (contents.find(change.name) == nullptr) return {};
  return contents.remove(change.name);
}

}  // namespace

std::chrono::sys_seconds now_seconds() { return std::chrono::floor<std::chrono::seconds>(SystemClock().wall()); }

Result<crypto::Secret> Storage::master_for(const Header& header) {
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

Unlock Storage::remembering() {
  return [this](const Header& header) { return master_for(header); };
}

Result<crypto::SecretBuffer> Storage::read(const std::string& name, std::size_t max_bytes) {
  const auto opened = file_.open(remembering());
  if (!opened) return opened.error();
  const auto* entry = opened->contents.find(name);
  if (entry != nullptr && entry->content_bytes > max_bytes) {
    return Error(Errc::too_large, fmt::format("entry {}: larger than {} bytes", quoted_name(name), max_bytes));
  }
  return opened->contents.read(name);
}

Result<void> Storage::write(std::vector<Change> changes, const std::function<Result<void>(const Contents&)>& check) {
  return file_.update(remembering(), [&](Contents& contents) -> Result<void> {
    if (check) {
      if (auto checked = check(contents); !checked) return checked;
    }
    for (auto& change : changes) {
      if (auto done = apply(change, contents); !done) return done;
    }
    return {};
  });
}

Result<void> Storage::rename(const std::string& from, const std::string& to) {
  return file_.update(remembering(), [&](Contents& contents) { return contents.rename(from, to); });
}

Result<std::vector<std::string>> Storage::names() {
  const auto opened = file_.open(remembering());
  if (!opened) return opened.error();
  std::vector<std::string> out;
  for (const auto* entry : opened->contents.entries()) out.push_back(entry->name);
  return out;
}

}  // namespace p2p::vault
