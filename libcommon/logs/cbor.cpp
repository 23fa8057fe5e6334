#include "logs/cbor.hpp"

namespace p2p::logs {

void CborWriter::head(unsigned major, std::uint64_t argument) {
  const auto first = static_cast<std::uint8_t>(major << 5);
  const auto big_endian = [&](std::uint8_t info, int bytes) {
    out_.push_back(first | info);
    for (int i = bytes - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(argument >> (8 * i)));
  };
  if (argument < 24)
    out_.push_back(first | static_cast<std::uint8_t>(argument));
  else if (argument <= 0xFF)
    big_endian(24, 1);
  else if (argument <= 0xFFFF)
    big_endian(25, 2);
  else if (argument <= 0xFFFFFFFF)
    big_endian(26, 4);
  else
    big_endian(27, 8);
}

void CborWriter::integer(std::int64_t value) {
  // A negative n travels as -1 - n, which is its complement.
  if (value < 0)
    head(1, ~static_cast<std::uint64_t>(value));
  else
    head(0, static_cast<std::uint64_t>(value));
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

std::nullopt_t CborReader::fail() {
  failed_ = true;
  input_ = {};
  return std::nullopt;
}

std::optional<CborReader::Head> CborReader::head() {
  if (failed_ || input_.empty()) return fail();
  Head out{static_cast<unsigned>(input_[0]) >> 5, static_cast<unsigned>(input_[0]) & 0x1F, 0};
  if (out.info < 24) {
    out.argument = out.info;
    input_ = input_.subspan(1);
    return out;
  }
  if (out.info > 27) return fail();
  const std::size_t bytes = std::size_t{1} << (out.info - 24);
  if (input_.size() < 1 + bytes) return fail();
  for (std::size_t i = 0; i < bytes; ++i) out.argument = out.argument << 8 | input_[1 + i];
  input_ = input_.subspan(1 + bytes);
  return out;
}

std::optional<std::uint64_t> CborReader::argument_of(unsigned major) {
  const auto item = head();
  if (!item || item->major != major) return fail();
  return item->argument;
}

std::optional<std::uint64_t> CborReader::array() { return argument_of(4); }

std::optional<std::uint64_t> CborReader::unsigned_integer() { return argument_of(0); }

std::optional<std::int64_t> CborReader::integer() {
  const auto item = head();
  if (!item || item->major > 1 || item->argument > INT64_MAX) return fail();
  const auto magnitude = static_cast<std::int64_t>(item->argument);
  return item->major == 0 ? magnitude : -1 - magnitude;
}

std::optional<std::string_view> CborReader::text() {
  const auto length = argument_of(3);
  if (!length || *length > input_.size()) return fail();
  const std::string_view out = as_text(input_.first(*length));
  input_ = input_.subspan(*length);
  return out;
}

std::optional<bool> CborReader::boolean() {
  const auto item = head();
  if (!item || item->major != 7 || (item->info != 20 && item->info != 21)) return fail();
  return item->info == 21;
}

bool CborReader::skip() {
  // Counts what is still to come instead of recursing; each item takes at least one byte, which bounds the count.
  std::uint64_t pending = 1;
  while (pending > 0) {
    const auto item = head();
    if (!item) return false;
    --pending;
    std::uint64_t children = 0;
    if (item->major == 2 || item->major == 3) {
      if (item->argument > input_.size()) return fail(), false;
      input_ = input_.subspan(item->argument);
    } else if (item->major == 4 || item->major == 5) {
      if (item->argument > input_.size()) return fail(), false;
      children = item->argument * (item->major == 5 ? 2 : 1);
    } else if (item->major == 6) {
      children = 1;
    }
    pending += children;
    if (pending > input_.size()) return fail(), false;
  }
  return true;
}

}  // namespace p2p::logs
