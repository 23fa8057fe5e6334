#include "progress_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/value_view.hpp"
#include "rpc/json_scan.hpp"

namespace p2p::ctl {

using cli::Format;

bool ProgressView::is_structured() const { return out_.format() == Format::json || out_.format() == Format::yaml; }

void ProgressView::show_member(std::string_view name, std::string_view json) {
  std::string text = fmt::format(R"({{"{}":{}}})", name, json);
  if (out_.format() == Format::yaml) {
    out_.stream() << "---\n";
    out_.value(text);
  } else {
    std::replace(text.begin(), text.end(), '\n', ' ');
    out_.stream() << text << '\n';
  }
  out_.stream().flush();
}

void ProgressView::report(std::string value) {
  if (is_structured()) return show_member("progress", value);
  if (value.starts_with('"')) {
    out_.stream() << cli::safe_lines(rpc::decode_json_string(value));
  } else {
    out_.stream() << escape_controls(value) << '\n';
  }
  out_.stream().flush();
}

void ProgressView::dropped(std::uint64_t count) {
  if (is_structured()) return show_member("dropped", std::to_string(count));
  report_.note(fmt::format("{} more came too fast to be shown", count));
}

void ProgressView::result(std::string_view json) {
  if (is_structured()) return show_member("result", json);
  out_.value(json);
}

}  // namespace p2p::ctl
