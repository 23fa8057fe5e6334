// The newest points of some series at one step of time, in a ring that grows to its capacity. Pure.
//
// A number takes two bytes: the upper half of an IEEE 754 single, rounded to nearest, which keeps eight bits of
// precision (0.4%) and the whole range; NaN is "nothing known".
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace p2p::metrics {

std::uint16_t to_half_single(float value) noexcept;
float from_half_single(std::uint16_t bits) noexcept;
inline constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

/// One thread.
class HistoryRing {
 public:
  /// Rows of `width` numbers, at most `capacity` (1 or more) of them.
  HistoryRing(std::size_t width, std::size_t capacity) : width_(width), capacity_(capacity) {}

  /// Puts the row of `step` (a time divided by the ring's step) behind the last one; steps between are unknown. A step
  /// that is not later than the last is left out.
  void push(std::int64_t step, std::span<const float> row);
  /// Forgets what is later than that step.
  void drop_after(std::int64_t step);
  /// Drops the oldest rows past it.
  void set_capacity(std::size_t capacity);
  void clear() noexcept;

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t width() const noexcept { return width_; }
  std::size_t size() const noexcept { return width_ == 0 ? 0 : cells_.size() / width_; }
  /// Of the last row; 0 before the first.
  std::int64_t last_step() const noexcept { return last_step_; }
  /// kUnknown for a step that is not in the ring.
  float at(std::int64_t step, std::size_t column) const noexcept;
  /// All numbers as they are kept, the oldest row first, in two pieces; valid until the ring changes.
  std::array<std::span<const std::uint16_t>, 2> cells() const noexcept;
  std::size_t memory_bytes() const noexcept { return cells_.capacity() * sizeof(std::uint16_t); }

 private:
  void straighten();
  void add_row(std::span<const float> row);

  std::size_t width_, capacity_;
  std::vector<std::uint16_t> cells_;
  std::size_t head_ = 0;  // the oldest row, once the ring is full
  std::int64_t last_step_ = 0;
};

}  // namespace p2p::metrics
