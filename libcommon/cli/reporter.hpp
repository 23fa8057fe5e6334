// What a tool says on stderr: `p2p-ca: error: …`, then `hint: …`; what was done, without a prefix. Data never goes
// here. For a program that asked for JSON, an error is one JSON object on one line:
//
//   {"error":{"kind":"not_found","exit_code":5,"message":"…","hint":"…","rpc_code":-32001}}
//
// `hint` and `rpc_code` (of an error that a call answered) only where there is one. Pure.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "cli/failure.hpp"
#include "cli/style.hpp"

namespace p2p::cli {

enum class Verbosity : unsigned char { quiet, normal, verbose };

/// Control characters in what it is given are escaped. The stream must outlive it. One thread.
class Reporter {
 public:
  Reporter(std::string tool, std::ostream& stream, bool colour)
      : tool_(std::move(tool)), stream_(&stream), colour_(colour) {}

  void set_verbosity(Verbosity verbosity) { verbosity_ = verbosity; }
  bool is_quiet() const noexcept { return verbosity_ == Verbosity::quiet; }
  void set_json(bool json) { json_ = json; }
  const std::string& tool() const noexcept { return tool_; }

  void error(std::string_view message, std::string_view hint = {});
  /// The failure's message and hint, if it has any.
  void failure(const Failure& failure);
  void warning(std::string_view message);
  /// What was done, for people; --quiet leaves it out.
  void note(std::string_view message);
  void hint(std::string_view text);
  /// What is being done; only with --verbose.
  void detail(std::string_view message);

 private:
  void labelled(std::string_view label, Style style, std::string_view message);
  void plain(std::string_view line);

  std::string tool_;
  std::ostream* stream_;
  bool colour_;
  bool json_ = false;
  Verbosity verbosity_ = Verbosity::normal;
};

}  // namespace p2p::cli
