#include <fmt/format.h>

#include <boost/asio/ip/address_v6.hpp>
#include <charconv>

#include "base/text.hpp"
#include "net/client.hpp"

namespace p2p::net {
namespace {

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             std::string_view::npos;
}

bool is_v6(std::string_view host) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(host), error);
  return !error;
}

}  // namespace

std::string Endpoint::to_text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  const Error wrong(Errc::invalid, fmt::format("\"{}\" is not HOST:PORT", escape_controls(text.substr(0, 300))));
  std::string_view host = text, port;
  bool bracketed = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong;
    bracketed = true;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (!is_v6(text)) {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
  }
  if (bracketed || is_v6(host) ? !is_v6(host) : !is_host(host)) return wrong;
  if (port.empty()) return Endpoint{std::string(host), default_port};
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  if (port[0] != ':' || error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) {
    return wrong;
  }
  return Endpoint{std::string(host), static_cast<std::uint16_t>(number)};
}

}  // namespace p2p::net
