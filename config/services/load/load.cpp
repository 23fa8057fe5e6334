// load.history: a service of protocol stdio, see p2p-service(5).
#include <chrono>
#include <deque>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kMaxSamples = 600;

struct Sample {
  steady_clock::time_point taken;
  double load = 0;
  std::uint64_t available_bytes = 0;
};

std::mutex mutex;
std::deque<Sample> samples;  // the newest first

Sample look() {
  Sample sample{steady_clock::now()};
  std::ifstream("/proc/loadavg") >> sample.load;
  std::ifstream memory("/proc/meminfo");
  for (std::string key, unit; memory >> key >> sample.available_bytes >> unit && key != "MemAvailable:";) {
  }
  sample.available_bytes *= 1024;
  return sample;
}

void take_sample() {
  const Sample sample = look();
  const std::lock_guard lock(mutex);
  samples.push_front(sample);
  if (samples.size() > kMaxSamples) samples.pop_back();
}

void take_samples() {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    take_sample();
  }
}

json history(const json& params) {
  const auto now = steady_clock::now();
  const std::chrono::seconds wanted(params.value("seconds", 60));
  json out = json::array();
  const std::lock_guard lock(mutex);
  for (const Sample& sample : samples) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - sample.taken);
    if (age > wanted) break;
    out.push_back({{"seconds_ago", age.count()}, {"load", sample.load}, {"available_bytes", sample.available_bytes}});
  }
  return out;
}

}  // namespace

int main() {
  take_sample();
  std::thread(take_samples).detach();
  // A request a line; the end of the input means that the service is to end.
  for (std::string line; std::getline(std::cin, line);) {
    const json request = json::parse(line);
    if (!request.contains("id")) continue;  // $/cancel: a call here takes no time
    json reply = {{"jsonrpc", "2.0"}, {"id", request["id"]}, {"result", json::object()}};  // of initialize and $/ping
    if (request["method"] == "history") reply["result"] = history(request.value("params", json::object()));
    std::cout << reply.dump() << std::endl;
  }
  return 0;
}
