// p2p-ca export: certificate and key in one file, in the form that another program wants.
#include <fmt/format.h>

#include "authority_access.hpp"
#include "base/text.hpp"
#include "cli/named_file.hpp"
#include "cli/password.hpp"
#include "commands.hpp"
#include "pki/pkcs12.hpp"
#include "report.hpp"

namespace p2p::ca {
namespace {

using cli::Attempt;
using cli::Failure;

class Export final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("NAME", name_, "a name that was signed here")
        .flag("--pem", pem_, "certificate, key and CA in PEM, as haproxy and others take them (the default)")
        .flag("--p12", p12_, "PKCS#12, as browsers, Windows and Java take it; has a password")
        .text("--out", "FILE", out_, "the file to write")
        .text("--password-file", "FILE", password_file_, "password of --p12 (else $P2P_EXPORT_PASSWORD, a prompt)")
        .flag("-f,--force", force_, "replace the file if it is there already");
  }

  Attempt<void> run(cli::Session& session) override {
    if (pem_ && p12_) return Error(Errc::invalid, "--pem and --p12 are two forms; one file has one");
    if (out_.empty()) return Error(Errc::invalid, "--out FILE is missing");
    if (auto checked = cli::check_named_file(out_); !checked) return checked;
    if (!is_valid_name(name_)) return Error(Errc::invalid, "NAME is not a valid name");
    const auto pair = pki::read_pair(certificates_of(session.home).files_of(name_));
    if (!pair) return Failure(pair.error(), "p2p-ca list shows what is there");
    const auto roots = read_roots(session.home);
    if (!roots) return roots.error();
    if (roots->issuer_of(pair->certificate) == nullptr) {
      return Error(Errc::damaged, name_ + ": not signed by this CA");
    }
    const auto content = p12_ ? make_p12(*pair, *roots) : make_pem(*pair, *roots);
    if (!content) return content.error();
    if (!force_ && file_exists(out_)) {
      return Failure(Error(Errc::exists, out_ + ": already exists"), "--force replaces it");
    }
    if (auto written = cli::write_named_file(out_, content->view(), kSecretMode, force_); !written) return written;
    Document made = Document::array();
    made.push_back({{"name", name_}, {"file", out_}});
    print_made(session.out, made);
    session.report.note("it holds the private key");
    return {};
  }

 private:
  Attempt<crypto::Secret> make_p12(const pki::KeyPair& pair, const pki::Roots& roots) const {
    const auto password = cli::read_password(
        {.variable = "P2P_EXPORT_PASSWORD", .file = password_file_, .prompt = "Password for " + out_, .repeat = true});
    if (!password) return password.error();
    auto out = pki::write_pkcs12(pair.certificate, *pair.key, roots, name_, *password);
    if (!out) return out.error();
    return std::move(*out);
  }

  static Attempt<crypto::Secret> make_pem(const pki::KeyPair& pair, const pki::Roots& roots) {
    const auto key = crypto::write_private_key(*pair.key);
    if (!key) return key.error();
    std::string ca;
    for (const auto& root : roots.certificates()) ca += root.pem();
    std::string text;
    text.reserve(pair.certificate_pem.size() + key->view().size() + ca.size());
    text.append(pair.certificate_pem).append(key->view()).append(ca);
    return crypto::Secret(std::move(text));
  }

  std::string name_, out_, password_file_;
  bool pem_ = false;
  bool p12_ = false;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_export() { return std::make_unique<Export>(); }

}  // namespace p2p::ca
