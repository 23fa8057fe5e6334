#include "load_configuration.hpp"

#include "base/text.hpp"
#include "config/home.hpp"
#include "pki/certificate_folder.hpp"

namespace p2p::node {
namespace {

/// Operators' certificates are no node's, so that none of them is taken for this one's.
void leave_out_operators(config::Sources& sources, const config::Paths& paths) {
  std::erase_if(sources.certificate_files, [&](const std::string& file) {
    if (!file.ends_with("_cert.pem")) return false;
    const auto certificate = pki::read_certificate_file(paths.certs() / file);
    const auto identity = certificate ? certificate->identity() : Result<pki::Identity>(certificate.error());
    return identity && identity->role == pki::Role::operator_;
  });
}

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
  auto sources = config::gather_sources(paths, file, settings);
  if (!sources) return cli::Failure(cli::kUsage, sources.error().context);
  leave_out_operators(*sources, paths);
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
