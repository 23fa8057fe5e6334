#include "logs/spool/spool_recovery.hpp"

#include <algorithm>
#include <limits>

#include "base/file.hpp"
#include "base/text.hpp"
#include "logs/spool/recover.hpp"

namespace p2p::logs {
namespace {

/// A segment as its header shows it.
struct Found {
  std::uint64_t number = 0;
  std::optional<SegmentHeader> header;  // none when it is damaged
  std::uint64_t epoch = 0;
};

class SpoolRecovery {
 public:
  SpoolRecovery(SegmentFolder& folder, const BootId& boot, Random& random, const Logger& log)
      : folder_(folder), boot_(boot), random_(random), log_(log) {}

  Result<RecoveredSpool> run() {
    const auto numbers = folder_.list();
    if (!numbers) return numbers.error();
    for (const auto number : *numbers) read_header(number);
    assign_epochs();
    for (std::size_t i = 0; i < found_.size(); ++i) read_segment(found_[i], i + 1 == found_.size());
    if (!numbers->empty()) out_.next_number = numbers->back() + 1;
    // What was acknowledged went before a mark could say so.
    if (!out_.segments.empty()) out_.acknowledged = std::max(out_.acknowledged, out_.segments.front().first_seq - 1);
    out_.last_seq = std::max(out_.last_seq, out_.acknowledged);
    out_.sent = std::clamp(out_.sent, out_.acknowledged, out_.last_seq);
    number_epochs();
    return std::move(out_);
  }

 private:
  std::uint64_t new_epoch() { return random_.below(kEpochLimit); }

  void set_aside(std::uint64_t number, const std::string& why) {
    const auto aside = folder_.set_aside(number);
    log_.error("a part of the log spool is set aside as {}: {}", aside ? aside->string() : "nothing", why);
    end_is_lost_ = true;
  }

  void read_header(std::uint64_t number) {
    const auto head = folder_.read(number, kSegmentHeaderBytes);
    if (!head) return set_aside(number, head.error().context);
    auto header = parse_header(*head);
    if (!header && header.error().kind() == Errc::unsupported) return set_aside(number, header.error().context);
    found_.push_back({number, header ? std::optional(*header) : std::nullopt, 0});
    end_is_lost_ = false;  // a later one is there
  }

  /// Of two segments of one epoch what is between belongs to it too. Else nobody knows, and a new one is safe.
  void assign_epochs() {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      auto& one = found_[i];
      if (one.header) {
        one.epoch = one.header->epoch;
        if (!one.header->takes_earlier) continue;
        for (std::size_t j = 0; j < i; ++j) found_[j].epoch = one.epoch;
        continue;
      }
      const auto next = std::find_if(found_.begin() + static_cast<std::ptrdiff_t>(i), found_.end(),
                                     [](const Found& other) { return other.header.has_value(); });
      const bool is_between = i > 0 && next != found_.end() && next->header->epoch == found_[i - 1].epoch;
      one.epoch = is_between ? next->header->epoch : new_epoch();
    }
  }

  void read_segment(const Found& found, bool is_last) {
    const auto file = folder_.read(found.number, std::numeric_limits<std::size_t>::max());
    if (!file) return set_aside(found.number, file.error().context);
    const std::uint64_t header_first = found.header ? found.header->first_seq : 0;
    const std::uint64_t expected = out_.segments.empty() ? header_first : out_.last_seq + 1;
    const std::size_t begin = found.header ? kSegmentHeaderBytes : 0;
    Recovered recovered = recover_frames(ByteView(*file).subspan(begin), expected, out_.positions);
    if (recovered.blocks.empty() && !found.header)
      return set_aside(found.number, folder_.file_of(found.number).string() + ": nothing in it can be read");
    if (recovered.blocks.tally().empty() && header_first > expected && expected > 0) {
      recovered.damaged_records = header_first - expected;
      recovered.blocks.add(Gap{expected, header_first - 1, {}, recovered.damaged_records});
    }
    out_.acknowledged = std::max(out_.acknowledged, recovered.acknowledged);
    out_.sent = std::max(out_.sent, recovered.sent);
    out_.closed = recovered.closed;
    out_.last_boot = found.header ? found.header->boot_id : BootId{};
    const bool is_cut = is_last && recovered.passed_at_end > 0;
    if (is_cut || !found.header) end_is_lost_ = is_last;
    say(found, recovered, is_last);
    Segment segment{found.number, found.epoch, header_first, file->size(), recovered.blocks.tally()};
    if (!segment.tally.empty()) segment.first_seq = segment.tally.first_seq;
    out_.last_seq = std::max(out_.last_seq, segment.last_seq());
    if (recovered.passed_bytes > 0 || recovered.damaged_records > 0) repair(segment, std::move(recovered), is_last);
    out_.segments.push_back(segment);
  }

  void say(const Found& found, const Recovered& recovered, bool is_last) const {
    const std::string file = folder_.file_of(found.number).string();
    if (recovered.damaged_records > 0)
      log_.error("the log spool is damaged in {}: {} records are lost", file, recovered.damaged_records);
    else if (!found.header)
      log_.warning("the log spool is damaged at the beginning of {}; all of its records can be read", file);
    else if (is_last && recovered.passed_at_end > 0)
      log_.warning("the log spool's last {} bytes, in {}, were not written whole and are cut", recovered.passed_at_end,
                   file);
    else if (recovered.passed_bytes > 0)
      log_.warning("{} damaged bytes in {} are passed over; no record is missing", recovered.passed_bytes, file);
  }

  /// Writes what could be read, so that it is said once. Without success it is said once more at the next start.
  void repair(Segment& segment, Recovered recovered, bool is_last) {
    // Whoever starts before there is a newer segment must see that the end is not to be trusted.
    if (is_last && end_is_lost_) out_.last_boot = {};
    const Block block = join(std::move(recovered.blocks));
    Bytes content = encode_segment({segment.epoch, segment.first_seq, out_.last_boot, false}, block.frames);
    const auto positions = out_.positions.all();
    if (!positions.empty()) append_frame(content, positions);
    append_frame(content, MarkFrame{out_.acknowledged, out_.sent, recovered.closed});
    if (folder_.replace(segment.number, content)) segment.bytes = content.size();
  }

  void number_epochs() {
    auto& segments = out_.segments;
    if (segments.empty()) {
      out_.epochs = Epochs(new_epoch());
      return;
    }
    out_.epochs = Epochs(segments.front().epoch);
    for (const auto& segment : segments) out_.epochs.add(segment.first_seq, segment.epoch);
    const bool has_stopped = !out_.closed && out_.last_boot != boot_;
    if (has_stopped && !end_is_lost_)
      log_.warning("the machine stopped while the log spool was in use; its last records may be lost");
    if (has_stopped || end_is_lost_) out_.epochs.add(out_.last_seq + 1, new_epoch());
  }

  SegmentFolder& folder_;
  const BootId& boot_;
  Random& random_;
  const Logger& log_;
  std::vector<Found> found_;
  bool end_is_lost_ = false;
  RecoveredSpool out_;
};

}  // namespace

BootId current_boot() {
  BootId out{};
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return out;
  std::string digits;
  std::copy_if(text->begin(), text->end(), std::back_inserter(digits), [](char c) { return c != '-' && c != '\n'; });
  const auto bytes = from_hex(digits);
  if (bytes && bytes->size() == out.size()) std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

Result<RecoveredSpool> recover_spool(SegmentFolder& folder, const BootId& boot, Random& random, const Logger& log) {
  return SpoolRecovery(folder, boot, random, log).run();
}

}  // namespace p2p::logs
