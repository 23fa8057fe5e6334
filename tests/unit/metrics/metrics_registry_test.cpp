#include "metrics/metrics_registry.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace p2p::metrics {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

void with_labels(MetricsRegistry& registry) {
  registry.add([](MetricsWriter& out) {
    out.counter("p2p_test_total", "Things that happened.", 3, {{"kind", "a\"b\\c\nd"}});
    out.counter("p2p_test_total", "Things that happened.", 4, {{"kind", "plain"}});
    out.gauge("p2p_test_level", "How high it is.", -1.5);
  });
}

void standard(MetricsWriter& out) { write_standard_metrics(out, read_figures("/"), "1.2.3"); }

TEST_CASE("samples are written as Prometheus reads them") {
  MetricsRegistry registry;
  with_labels(registry);
  const std::string text = registry.render();
  CHECK(has_line(text, "# HELP p2p_test_total Things that happened."));
  CHECK(has_line(text, "# TYPE p2p_test_total counter"));
  CHECK(has_line(text, "p2p_test_total{kind=\"a\\\"b\\\\c\\nd\"} 3"));
  CHECK(has_line(text, "p2p_test_total{kind=\"plain\"} 4"));
  CHECK(has_line(text, "# TYPE p2p_test_level gauge"));
  CHECK(has_line(text, "p2p_test_level -1.5"));
}

TEST_CASE("a histogram's buckets are cumulative, and the last has everything") {
  MetricsRegistry registry;
  registry.add([](MetricsWriter& out) {
    out.histogram("p2p_test_seconds", "How long it took.", {{0.5, 1}, {3, 0, 2}, 7.5}, {{"kind", "a"}});
  });
  const std::string text = registry.render();
  CHECK(has_line(text, "# TYPE p2p_test_seconds histogram"));
  CHECK(has_line(text, "p2p_test_seconds_bucket{kind=\"a\",le=\"0.5\"} 3"));
  CHECK(has_line(text, "p2p_test_seconds_bucket{kind=\"a\",le=\"1\"} 3"));
  CHECK(has_line(text, "p2p_test_seconds_bucket{kind=\"a\",le=\"+Inf\"} 5"));
  CHECK(has_line(text, "p2p_test_seconds_count{kind=\"a\"} 5"));
  CHECK(has_line(text, "p2p_test_seconds_sum{kind=\"a\"} 7.5"));
}

TEST_CASE("callbacks are asked at each rendering") {
  MetricsRegistry registry;
  int asked = 0;
  registry.add([&](MetricsWriter& out) { out.gauge("p2p_asked", "How often.", ++asked); });
  registry.render();
  CHECK(has_line(registry.render(), "p2p_asked 2"));
}

TEST_CASE("the standard figures are there") {
  const std::string text = MetricsRegistry().render(standard);
  CHECK(has_line(text, "p2p_build_info{version=\"1.2.3\"} 1"));
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                           "process_start_time_seconds", "p2p_host_memory_bytes", "p2p_host_load1",
                           "p2p_host_disk_available_bytes", "p2p_host_cpu_seconds_total{mode=\"idle\"}"}) {
    CAPTURE(name);
    CHECK(text.find(std::string("\n") + name + " ") != std::string::npos);
  }
}

TEST_CASE("figures that cannot be read are absent, and the others are there") {
  const auto text = MetricsRegistry().render(
      [](MetricsWriter& out) { write_standard_metrics(out, read_figures("/nowhere"), "1.2.3"); });
  CHECK(text.find("\nprocess_open_fds ") != std::string::npos);
  CHECK(text.find("p2p_host_") == std::string::npos);
}

TEST_CASE("names that Prometheus would refuse are a mistake of ours") {
  const auto refused = [](const MetricsRegistry::Collect& collect) {
    MetricsRegistry registry;
    registry.add(collect);
    CHECK_THROWS_AS(registry.render(), std::logic_error);
  };
  refused([](MetricsWriter& out) { out.gauge("a-b", "x", 1); });
  refused([](MetricsWriter& out) { out.gauge("9a", "x", 1); });
  refused([](MetricsWriter& out) { out.gauge("a", "", 1); });
  refused([](MetricsWriter& out) { out.counter("a", "x", 1); });
  refused([](MetricsWriter& out) { out.gauge("a", "x", 1, {{"l-l", "v"}}); });
  refused([](MetricsWriter& out) { out.histogram("a", "x", {{1}, {1}, 1}); });
  refused([](MetricsWriter& out) {
    out.gauge("a_total", "x", 1);
    out.counter("a_total", "x", 1);
  });
}

TEST_CASE("promtool check metrics has nothing to say") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    MESSAGE("NOT CHECKED: promtool is absent (Debian package prometheus)");
    return;
  }
  MetricsRegistry registry;
  with_labels(registry);
  std::FILE* promtool = ::popen("promtool check metrics 2>&1", "w");
  REQUIRE(promtool != nullptr);
  std::fputs(registry.render(standard).c_str(), promtool);
  const int status = ::pclose(promtool);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace p2p::metrics
