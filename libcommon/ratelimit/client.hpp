// Whom a request is counted against: a certificate, a token, or an address. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace p2p::ratelimit {

/// A view: names are those that it was made from. Clients of different kinds are different, whatever they are called.
class Client {
 public:
  /// A node's certificate; `role` tells a worker from a coordinator of that name.
  static Client node(char role, std::string_view name);
  /// A verified token, by what is unique in it.
  static Client token(std::string_view id);
  /// An IP address as text. IPv6 counts by /64, which is what one subscriber has, but link-local addresses one by one;
  /// an IPv4-mapped address is the IPv4 one. Text that is no address is one client, whatever it says.
  static Client address(std::string_view text);

  bool is_node() const { return kind_ == Kind::node; }
  /// Someone who has proved who it is; nobody can be more than a few of these.
  bool is_verified() const { return kind_ == Kind::node || kind_ == Kind::token; }

  /// How much coarser an address can be counted: 0 is the client itself, 1 its neighbourhood (/24, /48), 2 a wider one
  /// (/16, /32), 3 everyone.
  static constexpr unsigned kCoarsest = 3;

  /// The client as bytes, to be hashed. `prefix` begins them; the result is valid until the buffer is used again.
  using Buffer = std::array<char, 288>;
  std::string_view bytes(Buffer& buffer, std::string_view prefix, unsigned coarseness = 0) const;

 private:
  enum class Kind : char { node = 'n', token = 't', ip4 = '4', ip6 = '6', unknown = '?' };
  explicit Client(Kind kind) : kind_(kind) {}

  Kind kind_;
  char role_ = 0;
  bool whole_ = false;              // an IPv6 address that counts by itself
  std::string_view name_;           // of a node or token
  std::array<char, 16> address_{};  // in network order; IPv4 in the first 4
};

}  // namespace p2p::ratelimit
