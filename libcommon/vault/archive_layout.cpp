#include "vault/archive_layout.hpp"

#include <algorithm>

namespace p2p::vault {
namespace {

using namespace std::chrono;

constexpr sys_seconds kFirst = sys_days{year{1980} / 1 / 1};
constexpr sys_seconds kLast = sys_days{year{2107} / 12 / 31} + 24h - 2s;
constexpr int kFirstYear = 1980;

}  // namespace

DosTime to_dos_time(sys_seconds at) {
  at = std::clamp(at, kFirst, kLast);
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  const auto year_bits = static_cast<unsigned>(static_cast<int>(date.year()) - kFirstYear) << 9;
  const auto month_bits = static_cast<unsigned>(date.month()) << 5;
  const auto clock =
      static_cast<unsigned>(time.hours().count() << 11 | time.minutes().count() << 5 | time.seconds().count() / 2);
  return {static_cast<std::uint16_t>(clock),
          static_cast<std::uint16_t>(year_bits | month_bits | static_cast<unsigned>(date.day()))};
}

sys_seconds from_dos_time(DosTime at) {
  const year_month_day date{year{kFirstYear + (at.date >> 9)}, month{(at.date >> 5) & 15u}, day{at.date & 31u}};
  if (!date.ok()) return kFirst;
  return sys_days{date} + hours{at.time >> 11} + minutes{(at.time >> 5) & 63} + seconds{(at.time & 31) * 2};
}

}  // namespace p2p::vault
