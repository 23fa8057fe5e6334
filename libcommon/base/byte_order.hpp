// Numbers in bytes: big-endian in headers and spools, little-endian in a ZIP archive. Pure.
#pragma once

#include <concepts>
#include <cstdint>

namespace p2p {

template <std::unsigned_integral T>
void put_big(std::uint8_t* to, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) to[i] = static_cast<std::uint8_t>(value);
}
template <std::unsigned_integral T>
T get_big(const std::uint8_t* from) {
  T out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) out = static_cast<T>(out << 8 | from[i]);
  return out;
}
template <std::unsigned_integral T>
void put_little(std::uint8_t* to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i, value = static_cast<T>(value >> 8))
    to[i] = static_cast<std::uint8_t>(value);
}
template <std::unsigned_integral T>
T get_little(const std::uint8_t* from) {
  T out = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) out = static_cast<T>(out << 8 | from[i]);
  return out;
}

}  // namespace p2p
