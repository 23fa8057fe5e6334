// Documents that concern the whole fleet and are signed by its authority, such as revocation lists: every node holds
// the newest of each kind. What they say is opaque here; whoever owns a kind decides what is genuine and which version
// it is. Pure.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "membership/limits.hpp"

namespace p2p::membership {

/// A document on its way; nothing is known of it yet.
struct CarriedBulletin {
  std::string kind;  ///< is_valid_kind() holds
  std::shared_ptr<const Bytes> content;
};
using CarriedBulletins = std::vector<CarriedBulletin>;

/// One that was found genuine.
struct Bulletin {
  std::string kind;
  std::uint64_t version = 0;  ///< as the content itself says; at least 1
  std::shared_ptr<const Bytes> content;
};
using BulletinPtr = std::shared_ptr<const Bulletin>;

/// Which version of a kind somebody has; 0 for none.
struct BulletinLine {
  std::string kind;
  std::uint64_t version = 0;
  bool operator==(const BulletinLine&) const = default;
};
using BulletinLines = std::vector<BulletinLine>;

/// 1 to kMaxBulletinKindLength characters of a-z, 0-9, colon, dot, underscore and hyphen: `crl:1f00…`, `roots`.
bool is_valid_kind(std::string_view text) noexcept;

/// The version of content that is genuine; two contents of one kind must not share a version. `unsupported` for a kind
/// that this node knows nothing of, any other error for content that is not genuine.
using BulletinChecker = std::function<Result<std::uint64_t>(std::string_view kind, ByteView content)>;

/// The newest genuine bulletin of each kind, at most kMaxBulletinKinds of them.
class BulletinBoard {
 public:
  /// An empty checker knows no kind.
  explicit BulletinBoard(BulletinChecker check) : check_(std::move(check)) {}

  /// The bulletin if it is genuine and newer than what is held, nullptr if it is not newer. `too_large` past a limit,
  /// else the error of the checker.
  Result<BulletinPtr> offer(const CarriedBulletin& candidate);
  /// Lets go of what the checker no longer finds genuine, and returns it.
  std::vector<BulletinPtr> recheck();

  BulletinLines lines() const;
  /// What is held of the kinds in which `theirs` differs; 0 for what is not. Kinds that are of no use here are left
  /// out.
  BulletinLines differing(const BulletinLines& theirs) const;
  /// What is held of the kinds of which `theirs` has a newer version.
  BulletinLines lacking(const BulletinLines& theirs) const;
  /// Those wanted of which a newer version than theirs is held: a page, at least one.
  CarriedBulletins answer(const BulletinLines& wanted) const;
  /// nullptr when there is none.
  BulletinPtr find(std::string_view kind) const;
  CarriedBulletins all() const;

 private:
  std::uint64_t version_of(std::string_view kind) const;

  BulletinChecker check_;
  std::map<std::string, BulletinPtr, std::less<>> held_;
  std::set<std::string, std::less<>> unknown_;  ///< kinds not to ask for again
};

/// What the side that asked still has to send and to get.
class BulletinPlan {
 public:
  BulletinPlan() = default;
  /// `theirs` as the answering side gave it: the kinds in which the two differ.
  BulletinPlan(const BulletinBoard& board, const BulletinLines& theirs);

  bool done() const { return to_send_.empty() && to_get_.empty(); }
  const BulletinLines& wanted() const { return to_get_; }
  /// The next page of what is to be sent, at least one.
  CarriedBulletins take_page(const BulletinBoard& board);
  /// Takes what arrived off the list. What a whole answer did not move is given up.
  void note_arrival(const CarriedBulletins& arrived);

 private:
  BulletinLines to_send_;  ///< with the version that the other side has
  BulletinLines to_get_;   ///< with the version that this side has
};

}  // namespace p2p::membership
