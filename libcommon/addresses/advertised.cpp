#include "addresses/advertised.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"
#include "config/checks.hpp"

namespace p2p::addresses {

Result<Advertised> parse_advertised(std::string_view text) {
  if (const char* expected = config::check_advertised(text); expected != nullptr || text.empty()) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not {}", escape_controls(text.substr(0, 256)),
                                            expected != nullptr ? expected : "an address"));
  }
  Advertised out;
  if (const auto network = IpPrefix::parse(text)) {
    out.form = Advertised::Form::network;
    out.text = network->to_text();
    out.network = *network;
    return out;
  }
  if (!IpAddress::parse(text)) {
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
      const std::string_view digits = text.substr(colon + 1);
      std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
      text = text.substr(0, colon);
    }
    if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
  }
  if (const auto address = IpAddress::parse(text)) {
    out.form = Advertised::Form::address;
    out.address = *address;
  }
  out.text = out.form == Advertised::Form::address ? out.address.to_text() : std::string(text);
  return out;
}

}  // namespace p2p::addresses
