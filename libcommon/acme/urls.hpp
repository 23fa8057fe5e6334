// The addresses of an ACME server's resources. They come from a configured base, never from a request's Host. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace p2p::acme {

class Urls {
 public:
  /// `base` is scheme, host and port: `https://coordinator.example:8001`.
  explicit Urls(std::string_view base) : root_(base) {
    while (root_.ends_with('/')) root_.pop_back();
    root_ += "/acme/";
  }

  std::string directory() const { return root_ + "directory"; }
  std::string new_nonce() const { return root_ + "new-nonce"; }
  std::string new_account() const { return root_ + "new-account"; }
  std::string new_order() const { return root_ + "new-order"; }
  std::string revoke_certificate() const { return root_ + "revoke-cert"; }
  std::string key_change() const { return root_ + "key-change"; }
  std::string renewal_info() const { return root_ + "renewal-info"; }
  std::string account(std::string_view id) const { return with_id("acct/", id); }
  std::string orders(std::string_view account_id) const { return account(account_id) + "/orders"; }
  std::string order(std::string_view id) const { return with_id("order/", id); }
  std::string finalize(std::string_view order_id) const { return order(order_id) + "/finalize"; }
  std::string authorization(std::string_view id) const { return with_id("authz/", id); }
  std::string challenge(std::string_view id) const { return with_id("chall/", id); }
  std::string certificate(std::string_view id) const { return with_id("cert/", id); }

  /// The id in an account's URL; none for any other text.
  std::optional<std::string_view> account_id(std::string_view url) const {
    const std::string prefix = root_ + "acct/";
    if (!url.starts_with(prefix) || url.size() == prefix.size()) return std::nullopt;
    return url.substr(prefix.size());
  }

  /// What a request's `url` must be: `path` begins with /acme/, `query` comes without its question mark.
  std::string of_request(std::string_view path, std::string_view query) const {
    std::string out = root_.substr(0, root_.size() - std::string_view("/acme/").size());
    out += path;
    if (!query.empty()) out.append("?").append(query);
    return out;
  }

 private:
  std::string with_id(std::string_view kind, std::string_view id) const { return root_ + std::string(kind).append(id); }
  std::string root_;  // ends with /acme/
};

}  // namespace p2p::acme
