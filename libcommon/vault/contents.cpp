#include "vault/contents.hpp"

#include <fmt/format.h>

#include "vault/entry_name.hpp"
#include "vault/limits.hpp"
#include "vault/vault_error.hpp"

namespace p2p::vault {
namespace {

Error no_entry(std::string_view name) { return {VaultErrc::no_entry, "no entry " + quoted_name(name)}; }

}  // namespace

Result<Contents> Contents::parse(crypto::SecretBuffer archive) {
  Contents out;
  out.archive_ = std::move(archive);
  auto entries = parse_archive(out.archive_.view());
  if (!entries) return entries.error();
  for (auto& entry : *entries) {
    out.content_bytes_ += entry.content_bytes;
    std::string name = entry.name;
    out.entries_.emplace(std::move(name), Held{std::move(entry), {}});
  }
  return out;
}

std::vector<const PackedEntry*> Contents::entries() const {
  std::vector<const PackedEntry*> out;
  out.reserve(entries_.size());
  for (const auto& [name, held] : entries_) out.push_back(&held.entry);
  return out;
}

const PackedEntry* Contents::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.entry;
}

Result<crypto::SecretBuffer> Contents::read(std::string_view name) const {
  const auto* entry = find(name);
  if (entry == nullptr) return no_entry(name);
  crypto::SecretBuffer out(entry->content_bytes);
  if (auto done = unpack(*entry, out.bytes()); !done) return done.error();
  return out;
}

/// As files of a folder the two could not be beside each other.
Result<void> Contents::check_no_folder(const std::string& name) const {
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    const auto folder = std::string_view(name).substr(0, at);
    if (find(folder) != nullptr) return name_clash(name, folder);
  }
  const std::string inside = name + "/";
  const auto first = entries_.lower_bound(inside);
  if (first != entries_.end() && first->first.starts_with(inside)) return name_clash(first->first, name);
  return {};
}

Result<void> Contents::put(const std::string& name, crypto::SecretBuffer content, std::chrono::sys_seconds modified) {
  if (auto checked = check_entry_name(name); !checked) return checked;
  if (auto apart = check_no_folder(name); !apart) return apart;
  const auto* before = find(name);
  const std::uint64_t others = content_bytes_ - (before != nullptr ? before->content_bytes : 0);
  if (content.size() > kMaxContentBytes - others) {
    return Error(Errc::too_large, fmt::format("a vault holds at most {} bytes", kMaxContentBytes));
  }
  if (before == nullptr && entries_.size() == kMaxEntryCount) {
    return Error(Errc::too_large, fmt::format("a vault holds at most {} entries", kMaxEntryCount));
  }
  content_bytes_ = others + content.size();
  auto entry = stored_entry(name, content.view(), modified);
  entries_.insert_or_assign(name, Held{std::move(entry), std::move(content)});
  return {};
}

Result<std::map<std::string, Contents::Held, std::less<>>::iterator> Contents::existing(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return no_entry(name);
  return found;
}

Result<void> Contents::remove(std::string_view name) {
  const auto found = existing(name);
  if (!found) return found.error();
  content_bytes_ -= (*found)->second.entry.content_bytes;
  entries_.erase(*found);
  return {};
}

Result<void> Contents::rename(std::string_view from, const std::string& to) {
  if (auto checked = check_entry_name(to); !checked) return checked;
  const auto found = existing(from);
  if (!found) return found.error();
  if (from == to) return {};
  auto moved = entries_.extract(*found);
  if (auto apart = check_no_folder(to); !apart) {
    entries_.insert(std::move(moved));
    return apart;
  }
  Held held = std::move(moved.mapped());
  if (const auto* replaced = find(to)) content_bytes_ -= replaced->content_bytes;
  held.entry.name = to;
  entries_.insert_or_assign(to, std::move(held));
  return {};
}

}  // namespace p2p::vault
