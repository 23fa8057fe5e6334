#include "membership/bulletin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace p2p::membership {

bool is_valid_kind(std::string_view text) noexcept {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxBulletinKindLength && std::all_of(text.begin(), text.end(), is_fine);
}

Result<BulletinPtr> BulletinBoard::offer(const CarriedBulletin& candidate) {
  const std::string& kind = candidate.kind;
  const auto refused = [&](Errc code, std::string_view why) {
    return Error(code, fmt::format("bulletin {}: {}", kind, why));
  };
  if (!is_valid_kind(kind)) return Error(Errc::invalid, "a bulletin whose kind is not one");
  if (candidate.content->size() > kMaxBulletinBytes) {
    return refused(Errc::too_large, fmt::format("it has more than {} bytes", kMaxBulletinBytes));
  }
  const auto found = held_.find(kind);
  if (found != held_.end() && *found->second->content == *candidate.content) return BulletinPtr();
  if (!check_) return refused(Errc::unsupported, "no kind is known here");
  const auto version = check_(kind, *candidate.content);
  if (!version) {
    if (version.error().kind() == Errc::unsupported && unknown_.size() < kMaxBulletinLines) unknown_.insert(kind);
    return Error(version.error().code, fmt::format("bulletin {}: {}", kind, version.error().context));
  }
  if (*version <= version_of(kind)) return BulletinPtr();
  if (found == held_.end() && held_.size() >= kMaxBulletinKinds) {
    return refused(Errc::too_large, fmt::format("already {} kinds are held", kMaxBulletinKinds));
  }
  auto bulletin = std::make_shared<const Bulletin>(Bulletin{kind, *version, candidate.content});
  held_[kind] = bulletin;
  return bulletin;
}

std::vector<BulletinPtr> BulletinBoard::recheck() {
  unknown_.clear();
  std::vector<BulletinPtr> fallen;
  for (const auto& [kind, bulletin] : held_) {
    if (!check_(kind, *bulletin->content)) fallen.push_back(bulletin);
  }
  for (const BulletinPtr& bulletin : fallen) held_.erase(bulletin->kind);
  return fallen;
}

BulletinLines BulletinBoard::lines() const {
  BulletinLines out;
  for (const auto& [kind, bulletin] : held_) out.push_back({kind, bulletin->version});
  return out;
}

std::uint64_t BulletinBoard::version_of(std::string_view kind) const {
  const auto found = held_.find(kind);
  return found == held_.end() ? 0 : found->second->version;
}

BulletinLines BulletinBoard::differing(const BulletinLines& theirs) const {
  BulletinLines out;
  for (const BulletinLine& line : theirs) {
    const std::uint64_t version = version_of(line.kind);
    if (version != line.version && !unknown_.contains(line.kind)) out.push_back({line.kind, version});
  }
  for (const auto& [kind, bulletin] : held_) {
    const bool is_theirs = std::any_of(theirs.begin(), theirs.end(),
                                       [&, k = std::string_view(kind)](const auto& line) { return line.kind == k; });
    if (!is_theirs) out.push_back({kind, bulletin->version});
  }
  return out;
}

BulletinLines BulletinBoard::lacking(const BulletinLines& theirs) const {
  BulletinLines out;
  for (const BulletinLine& line : theirs) {
    const std::uint64_t version = version_of(line.kind);
    if (line.version > version && !unknown_.contains(line.kind)) out.push_back({line.kind, version});
  }
  return out;
}

CarriedBulletins BulletinBoard::answer(const BulletinLines& wanted) const {
  CarriedBulletins out;
  std::size_t bytes = 0;
  for (const BulletinLine& line : wanted) {
    const BulletinPtr bulletin = find(line.kind);
    if (bulletin == nullptr || bulletin->version <= line.version) continue;
    bytes += bulletin->content->size();
    if (!out.empty() && bytes > kMaxPageBytes) break;
    out.push_back({bulletin->kind, bulletin->content});
  }
  return out;
}

BulletinPtr BulletinBoard::find(std::string_view kind) const {
  const auto found = held_.find(kind);
  return found == held_.end() ? nullptr : found->second;
}

CarriedBulletins BulletinBoard::all() const {
  CarriedBulletins out;
  for (const auto& [kind, bulletin] : held_) out.push_back({kind, bulletin->content});
  return out;
}

BulletinPlan::BulletinPlan(const BulletinBoard& board, const BulletinLines& theirs) : to_get_(board.lacking(theirs)) {
  for (const BulletinLine& line : theirs) {
    const BulletinPtr own = board.find(line.kind);
    if (own != nullptr && own->version > line.version) to_send_.push_back(line);
  }
}

CarriedBulletins BulletinPlan::take_page(const BulletinBoard& board) {
  CarriedBulletins out = board.answer(to_send_);
  const auto is_out = [&](const BulletinLine& line) {
    return std::any_of(out.begin(), out.end(), [&](const auto& sent) { return sent.kind == line.kind; });
  };
  // What is no longer newer needs no sending either.
  if (std::erase_if(to_send_, is_out) == 0) to_send_.clear();
  return out;
}

void BulletinPlan::note_arrival(const CarriedBulletins& arrived) {
  const auto is_there = [&](const BulletinLine& line) {
    return std::any_of(arrived.begin(), arrived.end(), [&](const auto& one) { return one.kind == line.kind; });
  };
  if (std::erase_if(to_get_, is_there) == 0) to_get_.clear();
}

}  // namespace p2p::membership
