// Syslog from anyone: however the bytes are cut, the messages are the same, and each becomes a record within its limits
// whose attrs are a JSON object.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "logs/sources/syslog_framing.hpp"
#include "logs/sources/syslog_message.hpp"

namespace {

using namespace p2p;
using namespace p2p::logs;

WallTime in_utc(const CivilTime& local) {
  const std::chrono::year_month_day date(std::chrono::year(local.year), std::chrono::month(local.month),
                                         std::chrono::day(local.day));
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(local.hour) + std::chrono::minutes(local.minute) +
         std::chrono::seconds(local.second);
}

std::vector<SyslogFrame> frames_of(std::string_view bytes, std::size_t piece) {
  SyslogFramer framer;
  std::vector<SyslogFrame> out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    for (auto& frame : framer.feed(bytes.substr(0, piece))) out.push_back(std::move(frame));
  }
  if (auto last = framer.finish()) out.push_back(std::move(*last));
  return out;
}

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto frames = frames_of(text, std::max<std::size_t>(1, size));
  for (const std::size_t piece : {1, 7}) {
    const auto again = frames_of(text, piece);
    expect(again.size() == frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i)
      expect(again[i].text == frames[i].text && again[i].bytes == frames[i].bytes);
  }
  const SyslogArrival arrival{WallTime(std::chrono::seconds(1'800'000'000)), "192.0.2.1", "192.0.2.1", &in_utc};
  for (const auto& frame : frames) {
    LogRecord record = parse_syslog(frame.text, arrival);
    normalise(record);
    expect(is_utf8(record.message) && record.message.size() <= kMaxMessageBytes);
    expect(record.logger_name.starts_with("Syslog"));
    const auto attrs = parse_json(record.attrs);
    expect(attrs && attrs->is_object() && attrs->contains("severity"));
  }
  return 0;
}
