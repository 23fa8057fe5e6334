#include "base/json.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "base/text.hpp"

namespace p2p {
namespace {

/// Builds the document and stops it at a depth or a duplicate member. Everything is forwarded to nlohmann's own
/// builder.
class StrictSax : public nlohmann::json_sax<Json> {
 public:
  explicit StrictSax(Json& out) : builder_(out, false) {}

  bool null() override { return builder_.null(); }
  bool boolean(bool value) override { return builder_.boolean(value); }
  bool number_integer(number_integer_t value) override { return builder_.number_integer(value); }
  bool number_unsigned(number_unsigned_t value) override { return builder_.number_unsigned(value); }
  bool number_float(number_float_t value, const string_t& text) override { return builder_.number_float(value, text); }
  bool string(string_t& value) override { return is_utf8(value) ? builder_.string(value) : refuse("invalid UTF-8"); }
  bool binary(binary_t& value) override { return builder_.binary(value); }
  bool start_object(std::size_t size) override {
    if (!enter()) return false;
    keys_.emplace_back();
    // A length beyond the input must not allocate: the builder is told "unknown".
    (void)size;
    return builder_.start_object(kUnknownSize);
  }
  bool key(string_t& value) override {
    if (!is_utf8(value)) return refuse("invalid UTF-8");
    if (!keys_.back().insert(value).second)
      return refuse("duplicate member \"" + escape_controls(value.substr(0, 64)) + "\"");
    return builder_.key(value);
  }
  bool end_object() override {
    --depth_;
    keys_.pop_back();
    return builder_.end_object();
  }
  bool start_array(std::size_t) override { return enter() && builder_.start_array(kUnknownSize); }
  bool end_array() override {
    --depth_;
    return builder_.end_array();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse(fmt::format("unexpected input at byte {}", position));
  }

  const std::string& reason() const { return reason_; }

 private:
  static constexpr std::size_t kUnknownSize = static_cast<std::size_t>(-1);

  bool enter() { return ++depth_ <= kMaxJsonDepth || refuse(fmt::format("nested deeper than {}", kMaxJsonDepth)); }
  bool refuse(std::string why) {
    if (reason_.empty()) reason_ = std::move(why);
    return false;
  }

  nlohmann::detail::json_sax_dom_parser<Json> builder_;
  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
  std::string reason_;
};

Result<Json> parse(ByteView bytes, nlohmann::detail::input_format_t format, std::string_view what) {
  Json out;
  StrictSax sax(out);
  const bool fine = Json::sax_parse(bytes.begin(), bytes.end(), &sax, format, true);
  if (!fine) return Error(Errc::invalid, fmt::format("not valid {}: {}", what, sax.reason()));
  return out;
}

/// What nlohmann's CBOR reader does not hold against its input: it descends once a chunk into a chunked string inside a
/// chunked string (not well-formed by RFC 8949 section 3.2.3; a megabyte of 0x7f overflows the stack), and it takes a
/// length of 2^64-1 for an indefinite one. One pass over the heads of the items finds both, and every length beyond the
/// input. What this pass does not understand it leaves to the reader to refuse.
Result<void> check_cbor_heads(ByteView bytes) {
  constexpr std::uint8_t kIndefinite = 31;
  constexpr std::uint8_t kBreak = 0xff;
  constexpr int kBinary = 2, kText = 3, kArray = 4, kMap = 5;
  const auto refuse = [](std::string_view why, std::size_t at) {
    return Error(Errc::invalid, fmt::format("not valid CBOR: {} at byte {}", why, at));
  };
  int chunks_of = -1;  // the kind of chunked string that is open
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t head = at;
    const int kind = bytes[at] >> 5;
    const std::uint8_t low = bytes[at] & 31;
    ++at;
    if (chunks_of >= 0) {
      if (bytes[head] == kBreak) {
        chunks_of = -1;
        continue;
      }
      if (kind != chunks_of || low == kIndefinite) return refuse("a chunk of another kind", head);
    }
    if (low == kIndefinite) {
      if (kind == kBinary || kind == kText) chunks_of = kind;
      continue;
    }
    if (low > 27) return {};
    const std::size_t argument_bytes = low < 24 ? 0 : std::size_t{1} << (low - 24);
    if (argument_bytes > bytes.size() - at) return {};
    std::uint64_t argument = low;
    if (argument_bytes > 0) argument = 0;
    for (std::size_t i = 0; i < argument_bytes; ++i) argument = argument << 8 | bytes[at++];
    if (kind < kBinary || kind > kMap) continue;
    // Each element of an array or map takes a byte or more.
    if (argument > bytes.size() - at) return refuse("a length beyond the input", head);
    if (kind != kArray && kind != kMap) at += argument;
  }
  return {};
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  // nlohmann takes a NUL for the end of the input and never looks at what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return Error(Errc::invalid, fmt::format("not valid JSON: unexpected input at byte {}", nul));
  }
  return parse(as_bytes(text), nlohmann::detail::input_format_t::json, "JSON");
}

Result<Json> parse_cbor(ByteView bytes) {
  if (const auto checked = check_cbor_heads(bytes); !checked) return checked.error();
  return parse(bytes, nlohmann::detail::input_format_t::cbor, "CBOR");
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Bytes dump_cbor(const Json& value) { return Json::to_cbor(value); }

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const std::string* find_string(const Json& object, std::string_view key) {
  const Json* member = find_member(object, key);
  return member != nullptr ? member->get_ptr<const std::string*>() : nullptr;
}

std::optional<std::uint64_t> find_unsigned(const Json& object, std::string_view key) {
  const Json* member = find_member(object, key);
  if (member == nullptr || !member->is_number_integer()) return std::nullopt;
  // Parsed values are unsigned where they can be; those built in the program are signed.
  if (!member->is_number_unsigned() && member->get<std::int64_t>() < 0) return std::nullopt;
  return member->get<std::uint64_t>();
}

bool is_true(const Json& object, std::string_view key) {
  const Json* member = find_member(object, key);
  return member != nullptr && *member == true;
}

}  // namespace p2p
