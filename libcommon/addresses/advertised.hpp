// What the operator says in `advertise_address`. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "addresses/ip_address.hpp"
#include "base/error.hpp"

namespace p2p::addresses {

struct Advertised {
  enum class Form : unsigned char {
    address,  ///< `192.0.2.7`; need not be of this machine, which may be behind a port that is forwarded
    network,  ///< `192.168.0.0/16`: own addresses in it
    name,     ///< an interface where one is called so, else a host name, which is announced as it is
  };
  Form form = Form::name;
  std::string text{};  ///< as given, without the port
  IpAddress address{};
  IpPrefix network{};
  std::uint16_t port = 0;     ///< 0: none was given; never with a network
  bool is_interface = false;  ///< of a name: an interface had it, so that it is no host's; parse_advertised() leaves it
};

/// `192.0.2.7`, `[fd00::7]:8001`, `10.0.0.0/8`, `eth0`, `shop.example:8001`; `invalid` otherwise.
Result<Advertised> parse_advertised(std::string_view text);

}  // namespace p2p::addresses
