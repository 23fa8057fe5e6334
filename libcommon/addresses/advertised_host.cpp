#include "addresses/advertised_host.hpp"

#include <net/if.h>

#include "addresses/advertised.hpp"

namespace p2p::addresses {

std::optional<net::Endpoint> advertised_host(std::string_view advertise_address, std::uint16_t port) {
  const auto wanted = parse_advertised(advertise_address);
  if (!wanted || wanted->form == Advertised::Form::network) return std::nullopt;
  if (wanted->form == Advertised::Form::name && ::if_nametoindex(wanted->text.c_str()) != 0) return std::nullopt;
  return net::Endpoint{wanted->text, wanted->port != 0 ? wanted->port : port};
}

}  // namespace p2p::addresses
