// What comes from a service: its manifest, and the lines that its program prints. Whatever it says, a call is answered
// at most once, and never by the answer to another.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/line_splitter.hpp"
#include "services/manifest.hpp"
#include "services/stdio_session.hpp"

namespace {

using namespace p2p;

void feed_session(std::string_view output) {
  Monotonic now{};
  services::StdioSession session({"fuzz", "{}", {}}, now);
  session.receive(R"({"id":1,"result":{}})", now);
  int answered[2] = {0, 0};
  for (int& count : answered) {
    session.call({"run", "{}", "", std::chrono::seconds(1)}, [&count](const rpc::Outcome&) { ++count; });
  }
  services::LineSplitter lines(4096);
  for (const std::string& line : lines.feed(output)) {
    session.receive(line, now);
    now += std::chrono::seconds(1);
    session.tick(now);
  }
  session.fail_calls({rpc::Code::service_failed, "the end"});
  for (const int count : answered) {
    if (count != 1) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), count);
  if (const auto manifest = services::parse_manifest(text, "service.yaml"); manifest && manifest->methods.empty()) {
    std::abort();
  }
  feed_session(text);
  return 0;
}
