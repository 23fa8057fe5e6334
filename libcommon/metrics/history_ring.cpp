#include "metrics/history_ring.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace p2p::metrics {

std::uint16_t to_half_single(float value) noexcept {
  constexpr std::uint16_t kNan = 0x7FC0;
  if (std::isnan(value)) return kNan;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isinf(value)) return static_cast<std::uint16_t>(bits >> 16);
  const std::uint32_t rounded = bits + 0x7FFF + (bits >> 16 & 1);  // to nearest, ties to even
  return static_cast<std::uint16_t>(rounded >> 16);
}

float from_half_single(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

void HistoryRing::add_row(std::span<const float> row) {
  if (size() < capacity_) {
    // A vector that doubles would have twice what it needs.
    if (cells_.size() == cells_.capacity()) cells_.reserve(std::min(capacity_, size() + size() / 4 + 16) * width_);
    for (std::size_t i = 0; i < width_; ++i) cells_.push_back(to_half_single(row.empty() ? kUnknown : row[i]));
    return;
  }
  for (std::size_t i = 0; i < width_; ++i) cells_[head_ * width_ + i] = to_half_single(row.empty() ? kUnknown : row[i]);
  head_ = (head_ + 1) % capacity_;
}

void HistoryRing::push(std::int64_t step, std::span<const float> row) {
  if (!cells_.empty() && step <= last_step_) return;
  if (!cells_.empty() && step - last_step_ > static_cast<std::int64_t>(capacity_)) {
    clear();
  }
  if (!cells_.empty()) {
    for (std::int64_t missing = last_step_ + 1; missing < step; ++missing) add_row({});
  }
  add_row(row);
  last_step_ = step;
}

/// The oldest row first.
void HistoryRing::straighten() {
  std::rotate(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(head_ * width_), cells_.end());
  head_ = 0;
}

void HistoryRing::drop_after(std::int64_t step) {
  if (cells_.empty() || step >= last_step_) return;
  const std::int64_t kept = static_cast<std::int64_t>(size()) - (last_step_ - step);
  if (kept <= 0) return clear();
  straighten();
  cells_.resize(static_cast<std::size_t>(kept) * width_);
  last_step_ = step;
}

void HistoryRing::set_capacity(std::size_t capacity) {
  if (capacity == capacity_) return;
  straighten();
  if (size() > capacity) {
    cells_.erase(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>((size() - capacity) * width_));
    cells_.shrink_to_fit();
  }
  capacity_ = capacity;
}

void HistoryRing::clear() noexcept {
  cells_.clear();
  head_ = 0;
}

std::array<std::span<const std::uint16_t>, 2> HistoryRing::cells() const noexcept {
  const std::span<const std::uint16_t> all(cells_);
  return {all.subspan(head_ * width_), all.first(head_ * width_)};
}

float HistoryRing::at(std::int64_t step, std::size_t column) const noexcept {
  const auto count = static_cast<std::int64_t>(size());
  if (step > last_step_ || step <= last_step_ - count) return kUnknown;
  const auto back = static_cast<std::size_t>(count - 1 - (last_step_ - step));
  return from_half_single(cells_[(head_ + back) % size() * width_ + column]);
}

}  // namespace p2p::metrics
