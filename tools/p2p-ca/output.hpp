// How the tool speaks: data on stdout, everything else on stderr, errors with a hint that says the next command.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace p2p::ca {

/// Members keep the order in which they are documented.
using Document = nlohmann::ordered_json;

enum class Format : unsigned char { table, json, yaml, name };
Result<Format> parse_format(const std::string& text);

class Output {
 public:
  explicit Output(bool quiet) : quiet_(quiet) {}

  /// A line of data.
  void line(std::string_view text);
  /// A table with a header line; the last column is not padded.
  void table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
  /// Indented JSON, or YAML.
  void document(const Document& value, Format format);

  /// A remark for people on stderr, unless --quiet.
  void note(std::string_view text);
  /// `p2p-ca: error: …`, and `hint: …` unless empty.
  void error(const Error& error, std::string_view hint = {});
  /// error(), and the exit code for it.
  int fail(const Error& error, std::string_view hint = {});

  /// Flushes stdout; an error when it took not everything (a full disk, a closed pipe).
  Result<void> finish();

 private:
  bool quiet_;
};

}  // namespace p2p::ca
