// p2p-ca csr: a key of its own and the request that brings it to a CA elsewhere.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "cli/home_owner.hpp"
#include "cli/named_file.hpp"
#include "commands.hpp"
#include "pki/certificate_request.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

class Csr final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", name_, "node_id, or an operator's or program's name")
        .texts("--san", "NAME", extra_names_,
               "another DNS name or IP address to ask for; several with commas, or repeated")
        .choice("--key-type", "TYPE", key_type_, key_type_names(), "type of the key, by default the first of")
        .text("--out", "FILE", out_, "where to write the request (default certs/NAME_csr.pem)")
        .flag("-f,--force", force_, "replace a key and request that are there already");
  }

  Attempt<void> run(cli::Session& session) override {
    // An operator's request is like any other.
    if (auto checked = check_name(name_, pki::Role::operator_); !checked) return checked.error();
    const auto names = parse_names(extra_names_);
    if (!names) return names.error();
    const auto key = crypto::generate_key(crypto::parse_key_type(key_type_).value_or(crypto::kKeyTypes.front()));
    if (!key) return key.error();
    const auto request = pki::make_request(name_, *names, **key);
    if (!request) return request.error();
    const auto key_pem = crypto::write_private_key(**key);
    if (!key_pem) return key_pem.error();

    if (auto done = cli::act_as_owner_of(session.home); !done) return done;
    if (!out_.empty()) {
      if (auto checked = cli::check_named_file(out_); !checked) return checked;
    }
    const auto certs = certificates_of(session.home);
    const auto lock = certs.lock();
    if (!lock) return lock.error();
    const auto key_file = certs.files_of(name_).key;
    const std::filesystem::path file = out_.empty() ? certs.path() / (name_ + "_csr.pem") : std::filesystem::path(out_);
    const std::string hint = "--force makes both anew; the old key is lost";
    const auto write = force_ ? write_file : create_file;
    if (auto done = write(key_file, key_pem->view(), kSecretMode); !done) return Failure(done.error(), hint);
    if (auto written = write_request(file, *request); !written) {
      return Failure(written.error().exit_code, written.error().message, hint);
    }
    Document made = Document::array();
    made.push_back({{"name", name_}, {"file", file.string()}, {"key_file", key_file.string()}});
    print_made(session.out, made);
    session.report.note(fmt::format("next, where the CA is: p2p-ca sign {} --csr {}", name_, file.filename().string()));
    return {};
  }

 private:
  Attempt<void> write_request(const std::filesystem::path& file, const std::string& request) const {
    if (!out_.empty()) return cli::write_named_file(file, request, kPublicMode, force_);
    const auto written = force_ ? write_file(file, request, kPublicMode) : create_file(file, request, kPublicMode);
    return written ? Attempt<void>() : Failure(written.error());
  }

  std::string name_, out_;
  std::vector<std::string> extra_names_;
  std::string key_type_ = key_type_names().front();
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_csr() { return std::make_unique<Csr>(); }

}  // namespace p2p::ca
