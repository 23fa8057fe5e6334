// Web addresses, as a redirect or an ACME server names them: whatever is taken must have one meaning, so that reading
// what was written gives the same again.
#include <cstdlib>

#include "net/url.hpp"

namespace {

using namespace p2p::net;

void check(const Url& url) {
  const auto again = parse_url(url.to_text());
  if (url.to_text().size() <= kMaxUrlBytes && (!again || *again != url)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = parse_url(text)) check(*url);
  const Url base = {false, "a.example", 8080, "/b/c?d=e"};
  if (const auto url = resolve_reference(base, text)) check(*url);
  return 0;
}
