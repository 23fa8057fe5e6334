#include "metrics/fleet_history.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/byte_order.hpp"
#include "base/sip_hash.hpp"

namespace p2p::metrics {
namespace {

constexpr std::string_view kMagic = "P2PHIST1";
constexpr std::size_t kHeadBytes = 20, kSumBytes = 8;
constexpr std::int64_t kWeekSeconds = 7 * 24 * 3600;

std::uint64_t sum_of(std::string_view text) { return SipHash({0, 0})(text); }

template <std::unsigned_integral T>
void append_little(std::string& out, T value) {
  std::array<std::uint8_t, sizeof(T)> bytes{};
  put_little(bytes.data(), value);
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Takes values off a text; what is not there is 0, and `torn` from then on.
struct FileReader {
  std::string_view text;
  bool torn = false;

  std::string_view bytes(std::size_t count) {
    if (text.size() < count) torn = true;
    const std::string_view out = torn ? std::string_view() : text.substr(0, count);
    text.remove_prefix(out.size());
    return out;
  }
  template <std::unsigned_integral T>
  T number() {
    const std::string_view from = bytes(sizeof(T));
    return torn ? T{} : get_little<T>(reinterpret_cast<const std::uint8_t*>(from.data()));
  }
};

void append_history(std::string& out, const History& history) {
  for (const Range range : {Range::quarter_hour, Range::six_hours, Range::week}) {
    const HistoryRing& ring = history.ring(range);
    append_little(out, static_cast<std::uint64_t>(ring.last_step()));
    append_little(out, static_cast<std::uint32_t>(ring.size()));
    for (const auto& cells : ring.cells()) {
      std::size_t at = out.size();
      out.resize(at + cells.size_bytes());
      for (const std::uint16_t cell : cells) {
        put_little(reinterpret_cast<std::uint8_t*>(out.data()) + at, cell);
        at += sizeof(cell);
      }
    }
  }
}

bool read_history(FileReader& reader, History& into) {
  for (const Range range : {Range::quarter_hour, Range::six_hours, Range::week}) {
    HistoryRing& ring = into.ring(range);
    const auto last = static_cast<std::int64_t>(reader.number<std::uint64_t>());
    const std::size_t rows = reader.number<std::uint32_t>();
    if (reader.torn || rows > kRangeShapes[static_cast<std::size_t>(range)].points || last < 0) return false;
    std::vector<float> row(ring.width());
    for (std::size_t i = 0; i < rows; ++i) {
      for (float& value : row) value = from_half_single(reader.number<std::uint16_t>());
      if (reader.torn) return false;
      ring.push(last - static_cast<std::int64_t>(rows - 1 - i), row);
    }
  }
  return true;
}

}  // namespace

std::chrono::seconds save_interval(std::size_t file_bytes) noexcept {
  const std::chrono::seconds needed((file_bytes + kSavedBytesPerSecond - 1) / kSavedBytesPerSecond);
  return std::clamp(needed, kLeastSaveInterval, kMostSaveInterval);
}

void FleetHistory::add(const std::string& node_id, std::int64_t second, const SeriesValues& values) {
  auto found = nodes_.find(node_id);
  if (found == nodes_.end()) {
    if (nodes_.size() >= kMaxHistories) return;
    found = nodes_.emplace(node_id, History()).first;
    found->second.set_capacity(six_hours_points_, week_points_);
    fit();
  }
  found->second.add(second, values);
}

void FleetHistory::forget_old(std::int64_t second) {
  const auto count =
      std::erase_if(nodes_, [&](const auto& node) { return node.second.last_second() + kWeekSeconds < second; });
  if (count > 0) fit();
}

/// Shares what the first range leaves between the other two.
void FleetHistory::fit() {
  constexpr std::size_t kShortBytes = kSeriesCount * 2 * kRangeShapes[0].points;
  constexpr std::size_t kRowBytes = kSeriesCount * 3 * 2;
  // In coarse steps: a fleet that comes up node by node does not have every ring copied each time.
  const std::size_t unit = std::max<std::size_t>(std::bit_ceil(nodes_.size() + 1) / 16, 1);
  const std::size_t count = (nodes_.size() / unit + 1) * unit;
  const std::size_t each = max_bytes_ / count;
  const std::size_t rows = std::max<std::size_t>((each - std::min(each, kShortBytes)) / kRowBytes, 2);
  const std::size_t six_hours_points = std::min(kRangeShapes[1].points, rows / 2);
  const std::size_t week_points = std::min(kRangeShapes[2].points, rows - six_hours_points);
  if (six_hours_points == six_hours_points_ && week_points == week_points_) return;
  six_hours_points_ = six_hours_points;
  week_points_ = week_points;
  for (auto& [name, history] : nodes_) history.set_capacity(six_hours_points_, week_points_);
}

const History* FleetHistory::find(std::string_view node_id) const {
  const auto found = nodes_.find(node_id);
  return found == nodes_.end() ? nullptr : &found->second;
}

bool HistoryEncoder::take(const FleetHistory& of) {
  if (count_ == 0) {
    // A text that grows by doubling would be there twice.
    constexpr std::size_t kNameBytes = 256;  // and what stands before the rows
    std::size_t bytes = kHeadBytes + kNameBytes + of.fleet().memory_bytes() + kSumBytes;
    for (const auto& [name, history] : of.nodes()) bytes += kNameBytes + history.memory_bytes();
    out_.reserve(bytes);
    out_.resize(kHeadBytes);
    copied_ = of.fleet();
    return true;
  }
  const auto next = of.nodes().upper_bound(name_);
  if (next == of.nodes().end()) return false;
  name_ = next->first;
  copied_ = next->second;
  return true;
}

void HistoryEncoder::write() {
  out_.push_back(static_cast<char>(name_.size()));
  out_ += name_;
  append_history(out_, *copied_);
  ++count_;
}

std::string HistoryEncoder::finish(std::int64_t second) {
  std::string head(kMagic);
  append_little(head, static_cast<std::uint64_t>(second));
  append_little(head, count_);
  out_.replace(0, kHeadBytes, head);
  append_little(out_, sum_of(out_));
  return std::move(out_);
}

Result<void> FleetHistory::load(std::string_view text) {
  const Error torn(Errc::damaged, "the history of figures is torn");
  if (text.size() < kMagic.size() + kSumBytes || !text.starts_with(kMagic)) return torn;
  FileReader reader{text.substr(text.size() - kSumBytes)};
  text.remove_suffix(kSumBytes);
  if (reader.number<std::uint64_t>() != sum_of(text)) return torn;
  reader.text = text.substr(kMagic.size());
  reader.number<std::uint64_t>();
  const std::size_t count = reader.number<std::uint32_t>();
  History fleet;
  Nodes nodes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name(reader.bytes(reader.number<std::uint8_t>()));
    if (reader.torn || nodes.size() > kMaxHistories || name.empty() != (i == 0)) return torn;
    if (!read_history(reader, name.empty() ? fleet : nodes[name])) return torn;
  }
  if (!reader.text.empty()) return torn;
  fleet_ = std::move(fleet);
  nodes_ = std::move(nodes);
  six_hours_points_ = 0;  // those that were read have their full capacity
  fit();
  return {};
}

}  // namespace p2p::metrics
