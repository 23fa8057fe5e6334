#include "addresses/dial_back_message.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

namespace p2p::addresses {
namespace {

/// The longest text of an address: IPv6 with an IPv4 end.
constexpr std::size_t kMaxAddressText = 45;
constexpr std::size_t kMaxFailureText = 300;

Result<Json> parse_object(std::string_view text) {
  if (text.size() > kMaxDialBackBytes) return Error(Errc::too_large, "the text is too long");
  auto json = parse_json(text);
  if (json && !json->is_object()) return Error(Errc::invalid, "it is no object");
  return json;
}

}  // namespace

Result<DialBackRequest> parse_dial_back_request(std::string_view text) {
  const auto json = parse_object(text);
  if (!json) return json.error();
  DialBackRequest out;
  const Json* given = find_member(*json, "port");
  if (given == nullptr || given->is_null()) return out;
  const auto port = find_unsigned(*json, "port");
  if (!port || *port == 0 || *port > 65535) return Error(Errc::invalid, "\"port\" is no port");
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

Result<DialBackAnswer> parse_dial_back_answer(std::string_view text) {
  const auto json = parse_object(text);
  if (!json) return json.error();
  const std::string* seen_as = find_string(*json, "seen_as");
  if (seen_as == nullptr || seen_as->size() > kMaxAddressText) return Error(Errc::invalid, "\"seen_as\" is no address");
  DialBackAnswer out;
  out.seen_as = escape_controls(*seen_as);
  if (const Json* dialled = find_member(*json, "dials_back"); dialled != nullptr && dialled->is_boolean())
    out.dials_back = dialled->get<bool>();
  if (const std::string* failure = find_string(*json, "failure"))
    out.failure = escape_controls(std::string_view(*failure).substr(0, kMaxFailureText));
  return out;
}

std::string to_text(const DialBackRequest& request) {
  Json out = Json::object();
  if (request.port) out["port"] = *request.port;
  return dump_json(out);
}

std::string to_text(const DialBackAnswer& answer) {
  return dump_json({{"seen_as", answer.seen_as},
                    {"dials_back", answer.dials_back ? Json(*answer.dials_back) : Json()},
                    {"failure", answer.failure}});
}

}  // namespace p2p::addresses
