// What a coordinator remembers of the tokens that it has issued, so that they can be listed, and revoked by the name
// that they are for. Not the tokens themselves. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/token_blacklist.hpp"

namespace p2p::auth {

struct IssuedToken {
  Token token;
  std::string asked_by;  ///< name of the operator or coordinator
};

/// One thread.
class IssuedTokens {
 public:
  /// `limited` when there are kMaxRevokedTokens already.
  Result<void> add(IssuedToken issued);
  void drop_expired(WallTime now);
  /// One that nobody has been given.
  void remove(std::string_view id);
  /// Those that have this id, or are for this name.
  std::vector<RevokedToken> find(std::string_view id_or_subject) const;
  /// In the order of issue.
  const std::vector<IssuedToken>& list() const noexcept { return issued_; }

 private:
  std::vector<IssuedToken> issued_;
};

/// The file: {"version": 1, "issued": [{claims of auth/token.hpp, and "asked_by"}]}.
std::string format_issued_tokens(const IssuedTokens& tokens, std::string_view cluster_name);
/// `damaged` for anything else.
Result<IssuedTokens> parse_issued_tokens(std::string_view text, std::string_view cluster_name);

}  // namespace p2p::auth
