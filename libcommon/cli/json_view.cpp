#include "cli/json_view.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::cli {
namespace {

using rpc::JsonScanner;

/// Copies a JSON string; DEL and the C1 controls (U+0080 to U+009F), which JSON allows raw, become escapes.
void append_safe(std::string& out, std::string_view json) {
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const bool c1 = byte == 0xC2 && i + 1 < json.size() && static_cast<unsigned char>(json[i + 1]) < 0xA0;
    if (byte != 0x7F && !c1) {
      out += json[i];
      continue;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    const unsigned point = c1 ? static_cast<unsigned char>(json[++i]) : byte;
    out += "\\u00";
    out += kHex[point >> 4];
    out += kHex[point & 15];
  }
}

/// Writes JSON again, with or without line breaks.
class JsonWriter {
 public:
  JsonWriter(std::string_view text, bool indented) : scanner_(text), indented_(indented) {}

  bool run() {
    scanner_.skip_space();
    return value(0);
  }
  std::string take() { return std::move(out_); }

 private:
  bool value(int depth) {
    const char first = scanner_.peek();
    if (first == '{')
      return container(depth, '{', '}', [&](auto separate) {
        return scanner_.members([&](std::string_view key) {
          separate();
          append_safe(out_, rpc::encode_json_string(key));
          out_ += indented_ ? ": " : ":";
          return value(depth + 1);
        });
      });
    if (first == '[')
      return container(depth, '[', ']', [&](auto separate) {
        return scanner_.elements([&] {
          separate();
          return value(depth + 1);
        });
      });
    const std::size_t from = scanner_.position();
    if (!scanner_.value()) return false;
    append_safe(out_, scanner_.since(from));
    return true;
  }

  template <class Visit>
  bool container(int depth, char open, char close, Visit visit) {
    out_ += open;
    bool empty = true;
    const bool fine = visit([&] {
      if (!empty) out_ += ',';
      empty = false;
      new_line(depth + 1);
    });
    if (!empty) new_line(depth);
    out_ += close;
    return fine;
  }

  void new_line(int depth) {
    if (indented_) out_.append(1, '\n').append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  JsonScanner scanner_;
  bool indented_;
  std::string out_;
};

bool is_plain_yaml(std::string_view text) {
  constexpr std::array<std::string_view, 10> kReserved{"true", "false", "yes", "no",   "on",
                                                       "off",  "y",     "n",   "null", "nan"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto inside = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
  };
  if (text.empty() || !(letter(text.front()) || text.front() == '/') || !std::all_of(text.begin(), text.end(), inside))
    return false;
  return std::find(kReserved.begin(), kReserved.end(), lower_ascii(text)) == kReserved.end();
}

class YamlWriter {
 public:
  explicit YamlWriter(std::string_view text) : scanner_(text) {}

  bool run() {
    scanner_.skip_space();
    return value(0, true);
  }
  std::string take() { return std::move(out_); }

 private:
  /// Writes the value after `key:` or `-`. `fresh`: the cursor is where a nested block's first line may begin.
  bool value(int depth, bool fresh) {
    const char first = scanner_.peek();
    if (first == '{' || first == '[') return container(depth, fresh, first == '{');
    const std::size_t from = scanner_.position();
    if (!scanner_.value()) return false;
    const std::string_view raw = scanner_.since(from);
    if (!fresh) out_ += ' ';
    if (first == '"')
      append_text(rpc::decode_json_string(raw));
    else
      out_ += raw;
    out_ += '\n';
    return true;
  }

  bool container(int depth, bool fresh, bool object) {
    bool empty = true;
    const auto begin_line = [&] {
      if (empty && !fresh) out_ += '\n';
      if (!empty || !fresh) out_.append(static_cast<std::size_t>(depth) * 2, ' ');
      empty = false;
    };
    const bool fine = object ? scanner_.members([&](std::string_view key) {
      begin_line();
      append_text(key);
      out_ += ':';
      return value(depth + 1, false);
    })
                             : scanner_.elements([&] {
                                 begin_line();
                                 out_ += '-';
                                 return element(depth + 1);
                               });
    if (empty) out_ += (fresh ? "" : " ") + std::string(object ? "{}" : "[]") + '\n';
    return fine;
  }

  bool element(int depth) {
    const char first = scanner_.peek();
    if (first != '{' && first != '[') return value(depth, false);
    out_ += ' ';
    return value(depth, true);
  }

  void append_text(std::string_view text) {
    if (is_plain_yaml(text))
      out_ += text;
    else
      append_safe(out_, rpc::encode_json_string(text));
  }

  JsonScanner scanner_;
  std::string out_;
};

}  // namespace

std::string pretty_json(std::string_view text) {
  JsonWriter writer(text, true);
  return writer.run() ? writer.take() : escape_controls(text);
}

std::string compact_json(std::string_view text) {
  JsonWriter writer(text, false);
  return writer.run() ? writer.take() : escape_controls(text);
}

std::string to_yaml(std::string_view text) {
  YamlWriter writer(text);
  return writer.run() ? writer.take() : escape_controls(text) + "\n";
}

}  // namespace p2p::cli
