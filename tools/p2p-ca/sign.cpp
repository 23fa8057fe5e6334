// p2p-ca sign: makes key and certificate of nodes and operators.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "pki/bundle.hpp"

namespace p2p::ca {
namespace {

namespace fs = std::filesystem;

/// What is wanted for each name, read out of the options.
struct Plan {
  pki::LeafRequest request;  ///< without the name
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
};

/// The files of these names have a meaning of their own: the CA's, a node's default, this machine's operator's.
bool is_reserved(const std::string& name, pki::Role role) {
  return name == kAuthorityName || name == "node" || (name == kOperatorName && role != pki::Role::operator_);
}

Result<Plan> make_plan(const Options& options) {
  Plan out;
  const auto role = pki::parse_role(options.role);
  if (!role) {
    return Error(Errc::invalid,
                 fmt::format("\"{}\" is not a role: worker, coordinator or operator", escape_controls(options.role)));
  }
  const auto key_type = crypto::parse_key_type(options.key_type);
  if (!key_type) {
    return Error(Errc::invalid,
                 fmt::format("\"{}\" is not a type of key: ecdsa-p256, ed25519, rsa-2048, rsa-3072 or rsa-4096",
                             escape_controls(options.key_type)));
  }
  out.request.role = *role;
  out.request.lifetime = std::chrono::days{options.days.value_or(pki::kLeafLifetime.count())};
  out.key_type = *key_type;
  if (auto checked = pki::check_lifetime(out.request.lifetime); !checked) return checked.error();
  for (const auto& text : options.names) {
    auto name = pki::parse_subject_name(text);
    if (!name) return Error(name.error().code, "--san " + name.error().context);
    out.request.extra_names.push_back(std::move(*name));
  }
  return out;
}

Result<void> check_names(const Options& options, pki::Role role) {
  for (auto name = options.targets.begin(); name != options.targets.end(); ++name) {
    const std::string shown = escape_controls(name->substr(0, 64));
    if (!is_valid_name(*name)) {
      return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name: up to 63 letters, digits, '-', '_' and '.', "
                                              "beginning and ending with a letter or digit",
                                              shown));
    }
    if (is_reserved(*name, role)) return Error(Errc::invalid, fmt::format("\"{}\" is a reserved name", shown));
    if (std::find(options.targets.begin(), name, *name) != name) {
      return Error(Errc::invalid, fmt::format("\"{}\" is given twice", shown));
    }
  }
  if (!options.bundle.empty() && options.targets.size() > 1) {
    return Error(Errc::invalid, "--bundle takes one name, as a bundle holds one identity");
  }
  return {};
}

/// Everything that would be overwritten is found before anything is written.
Result<void> check_files(const Options& options, const Tool& tool) {
  if (options.force) return {};
  std::vector<fs::path> files;
  for (const auto& name : options.targets) {
    const auto pair = tool.certs.files_of(name);
    files.insert(files.end(), {pair.certificate, pair.key});
  }
  if (!options.bundle.empty() && options.bundle != "-") files.emplace_back(options.bundle);
  for (const auto& file : files) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) return Error(Errc::exists, file.string() + ": already exists");
  }
  return {};
}

Result<void> put_bundle(const Options& options, const pki::Authority& authority, const pki::Certificate& certificate,
                        const EVP_PKEY& key, Tool& tool) {
  auto key_pem = crypto::write_private_key(key);
  auto identity = certificate.identity();
  if (!key_pem) return key_pem.error();
  if (!identity) return identity.error();
  const auto text =
      pki::write_bundle({*identity, certificate.pem(), std::move(*key_pem), authority.certificate().pem()});
  if (!text) return text.error();
  if (options.bundle == "-") {
    tool.out.line(text->view().substr(0, text->view().size() - 1));
    return {};
  }
  const auto write = options.force ? write_file : create_file;
  return write(options.bundle, text->view(), kSecretMode);
}

Result<void> sign_one(const std::string& name, const Plan& plan, const pki::Authority& authority,
                      const Options& options, Tool& tool) {
  pki::LeafRequest request = plan.request;
  request.name = name;
  const auto key = crypto::generate_key(plan.key_type);
  if (!key) return key.error();
  const auto certificate = authority.issue(request, **key, tool.now);
  if (!certificate) return certificate.error();
  // The bundle first: if it cannot be written, nothing was signed as far as the folder knows.
  if (!options.bundle.empty()) {
    if (auto put = put_bundle(options, authority, *certificate, **key, tool); !put) return put;
  }
  const auto files = tool.certs.files_of(name);
  if (auto written = pki::write_pair(files, *certificate, **key, options.force); !written) return written;
  if (options.bundle != "-") {
    tool.out.line(files.certificate.string());
    tool.out.line(files.key.string());
    if (!options.bundle.empty()) tool.out.line(options.bundle);
  }
  const WallTime end = certificate->facts().not_after;
  if (end == authority.certificate().facts().not_after) {
    tool.out.note(fmt::format("{} is valid only until {}, when the CA itself ends", name, format_rfc3339(end, 0)));
  }
  return {};
}

/// Opens the CA, or says what is missing and what to do about it; the exit code goes to `failed`.
std::optional<pki::Authority> open_authority(Tool& tool, int& failed) {
  const auto files = tool.certs.files_of(kAuthorityName);
  std::error_code ignored;
  if (!fs::exists(files.certificate, ignored)) {
    failed = tool.out.fail(Error(Errc::not_found, "no CA in " + tool.home.string()), "p2p-ca init makes one");
    return std::nullopt;
  }
  auto authority = pki::open_authority(files);
  if (authority) return std::move(*authority);
  const bool no_key = authority.error().kind() == Errc::not_found;
  failed = tool.out.fail(authority.error(), no_key ? "sign where p2p-ca init was run: the CA's key is needed" : "");
  return std::nullopt;
}

}  // namespace

int run_sign(const Options& options, Tool& tool) {
  const auto plan = make_plan(options);
  if (!plan) return tool.out.fail(plan.error());
  if (auto checked = check_names(options, plan->request.role); !checked) return tool.out.fail(checked.error());
  int failed = 0;
  const auto authority = open_authority(tool, failed);
  if (!authority) return failed;
  const auto lock = tool.certs.lock();
  if (!lock) return tool.out.fail(lock.error());
  if (auto checked = check_files(options, tool); !checked) {
    return tool.out.fail(checked.error(), "--force signs anew; the old key and certificate are lost");
  }
  for (const auto& name : options.targets) {
    if (auto made = sign_one(name, *plan, *authority, options, tool); !made) return tool.out.fail(made.error());
  }
  const auto role = pki::to_string(plan->request.role);
  tool.out.note(
      fmt::format("signed {} as {} of cluster {}", join(options.targets, ", "), role, authority->cluster_name()));
  return 0;
}

}  // namespace p2p::ca
