#include "base/system_random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace p2p {
namespace {

void fill(void* out, std::size_t count) {
  auto* at = static_cast<std::uint8_t*>(out);
  while (count > 0) {
    const ssize_t got = ::getrandom(at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();
    at += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  fill(&value, sizeof value);
  return value;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  fill(out.data(), out.size());
  return out;
}

}  // namespace p2p
