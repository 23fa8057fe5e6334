#include "load_configuration.hpp"

#include "base/text.hpp"
#include "config/home.hpp"

namespace p2p::node {
namespace {

cli::Attempt<config::LoadedConfig> load_sources(const config::Sources& sources, cli::Reporter* report) {
  auto outcome = config::load(sources);
  if (report != nullptr) {
    for (const auto& warning : outcome.warnings) report->warning(warning);
  }
  if (outcome.problems.empty()) return std::move(outcome.config);
  for (std::size_t i = 0; report != nullptr && i + 1 < outcome.problems.size(); ++i) report->error(outcome.problems[i]);
  return cli::Failure(cli::kUsage, report != nullptr ? outcome.problems.back() : join(outcome.problems, "; "),
                      std::move(outcome.hint));
}

}  // namespace

cli::Attempt<config::LoadedConfig> load_configuration(const config::Paths& paths, const std::string& file,
                                                      const std::vector<std::string>& settings, cli::Reporter* report) {
  const auto sources = config::gather_sources(paths, file, settings);
  if (!sources) return cli::Failure(cli::kUsage, sources.error().context);
  return load_sources(*sources, report);
}

cli::Attempt<config::LoadedConfig> load_configuration_text(const config::Paths& paths, const std::string& text,
                                                           cli::Reporter& report) {
  auto sources = config::gather_sources(paths, "", {});
  if (!sources) return cli::Failure(cli::kUsage, sources.error().context);
  sources->file_text = text;
  sources->file_name = paths.default_config().string();
  return load_sources(*sources, &report);
}

}  // namespace p2p::node
