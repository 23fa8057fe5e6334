#include "ratelimit/client.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace p2p::ratelimit {
namespace {

// Of an address, by coarseness.
constexpr std::array<std::size_t, Client::kCoarsest + 1> kIp4Bytes{4, 3, 2, 0};
constexpr std::array<std::size_t, Client::kCoarsest + 1> kIp6Bytes{8, 6, 4, 0};

constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

}  // namespace

Client Client::node(char role, std::string_view name) {
  Client out(Kind::node);
  out.role_ = role;
  out.name_ = name;
  return out;
}

Client Client::token(std::string_view id) {
  Client out(Kind::token);
  out.name_ = id;
  return out;
}

Client Client::address(std::string_view text) {
  text = text.substr(0, text.find('%'));  // the interface of a link-local address
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  Client out(Kind::unknown);
  if (text.size() >= terminated.size()) return out;
  std::copy(text.begin(), text.end(), terminated.begin());
  if (text.find(':') == std::string_view::npos) {
    if (::inet_pton(AF_INET, terminated.data(), out.address_.data()) == 1) out.kind_ = Kind::ip4;
    return out;
  }
  if (::inet_pton(AF_INET6, terminated.data(), out.address_.data()) != 1) return out;
  out.kind_ = Kind::ip6;
  if (std::string_view(out.address_.data(), kMapped.size()) == kMapped) {
    out.kind_ = Kind::ip4;
    std::memmove(out.address_.data(), out.address_.data() + kMapped.size(), 4);
  }
  const auto first = static_cast<unsigned char>(out.address_[0]), second = static_cast<unsigned char>(out.address_[1]);
  out.whole_ = first == 0xfe && (second & 0xc0) == 0x80;  // fe80::/10
  return out;
}

std::string_view Client::bytes(Buffer& buffer, std::string_view prefix, unsigned coarseness) const {
  char* end = std::copy(prefix.begin(), prefix.end(), buffer.data());
  // Everyone is one, IPv4 and IPv6 together.
  *end++ = coarseness == kCoarsest ? '*' : static_cast<char>(kind_);
  *end++ = static_cast<char>(coarseness);
  if (is_verified()) {
    *end++ = role_;
    const auto room = static_cast<std::size_t>(buffer.data() + buffer.size() - end);
    end = std::copy_n(name_.data(), std::min(name_.size(), room), end);
  } else if (kind_ != Kind::unknown) {
    const auto count = kind_ == Kind::ip4          ? kIp4Bytes[coarseness]
                       : whole_ && coarseness == 0 ? address_.size()
                                                   : kIp6Bytes[coarseness];
    end = std::copy_n(address_.data(), count, end);
  }
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace p2p::ratelimit
