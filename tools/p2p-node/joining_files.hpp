// The files that a join makes: each beside its place until all are there, so that a machine that works stays as it is
// unless the join succeeds. They are named for the invitation: a join that was cut off goes on with the same one, and
// with no other's keys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "pki/certificate_folder.hpp"

namespace p2p::node {

struct JoinPlaces {
  pki::PairFiles own;
  std::filesystem::path ca_certificate;
  std::filesystem::path account_key;
};

class JoiningFiles {
 public:
  /// `kid` is the invitation's. Unless `replace`, keys that are in their places already are used from there.
  JoiningFiles(JoinPlaces places, const std::string& kid, bool replace);

  /// Where they are now.
  const JoinPlaces& beside() const noexcept { return beside_; }
  /// All are there: an earlier join was cut off before it had put them in place.
  bool are_complete() const;
  /// The certificate comes last: until then the join can be done again. Removes what other invitations left behind.
  /// `configuration` is written to `file` unless it is none.
  Result<void> put_in_place(const std::filesystem::path& file, const std::optional<std::string>& configuration) const;
  /// Of an invitation that is refused.
  void drop() const;

 private:
  JoinPlaces places_;
  JoinPlaces beside_;
};

}  // namespace p2p::node
