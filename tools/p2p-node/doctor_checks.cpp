#include "doctor_checks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "net/http_text.hpp"
#include "net/listener.hpp"
#include "net/run_alone.hpp"
#include "net/tls.hpp"
#include "net/web_client.hpp"
#include "pki/crl.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using Verdict = Finding::Verdict;

namespace {

constexpr std::chrono::milliseconds kAnswerTime{8'000};
/// As members see it (DESIGN.md section 3); the Date field has whole seconds.
constexpr std::chrono::seconds kClockTolerance{2};
constexpr std::string_view kNewInvitation =
    "p2p-ca invite NAME on the coordinator makes an invitation; p2p-node join --force here uses it";

/// As OpenSSL has it of a certificate whose root is not among those that are trusted.
constexpr std::string_view kUnknownIssuer = "unable to get local issuer certificate";

std::string replaced_authority() {
  return fmt::format("the fleet's CA may have been replaced while this node was away; {}", kNewInvitation);
}

using WebAnswer = boost::system::result<net::Answer, net::WebError>;

/// GET as anybody, whoever answers.
WebAnswer get_as_anybody(const net::Endpoint& coordinator, const std::string& path) {
  auto trust = net::WebTrust::of_anyone();
  if (!trust) return net::WebError{trust.error(), net::WebStep::request};
  asio::io_context loop{1};
  net::WebClient web(loop.get_executor(), std::move(*trust));
  net::WebRequest request;
  auto url = net::parse_url(fmt::format("https://{}{}", coordinator.to_text(), path));
  if (!url) return net::WebError{url.error(), net::WebStep::request};
  request.url = std::move(*url);
  request.timeout = kAnswerTime;
  request.max_response_bytes = pki::kMaxCrlBytes;
  return net::run_alone(loop, web.send(std::move(request)));
}

std::string hint_of_step(net::WebStep step) {
  switch (step) {
    case net::WebStep::name: return "correct coordinator_addresses, or make the name known here (DNS, /etc/hosts)";
    case net::WebStep::connection:
      return "is p2p-node running there, is this its port, and does a firewall let it through?";
    case net::WebStep::tls: return "something else than p2p-node answers there";
    default: return "what answers there is not p2p-node";
  }
}

void check_clock(const net::Endpoint& coordinator, const net::Answer& answer, Findings& findings) {
  const auto there = net::parse_http_date(answer.headers.get("Date"));
  if (!there) return;
  const auto off = std::chrono::duration_cast<std::chrono::seconds>(SystemClock().wall() - *there);
  if (std::chrono::abs(off) <= kClockTolerance) {
    findings.push_back({Verdict::good, "clock", fmt::format("as that of {}", coordinator.to_text())});
    return;
  }
  findings.push_back({Verdict::warning, "clock",
                      fmt::format("{} s {} that of {}", std::chrono::abs(off).count(),
                                  off.count() > 0 ? "ahead of" : "behind", coordinator.to_text()),
                      "let both set their clocks by NTP: timedatectl set-ntp true"});
}

/// Whether the CA there is ours.
bool check_same_ca(const net::Endpoint& coordinator, const pki::Roots& roots, Findings& findings) {
  const auto answer = get_as_anybody(coordinator, "/pki/ca.pem");
  const auto theirs =
      answer ? pki::Roots::from_pem(answer->body, coordinator.to_text()) : Result<pki::Roots>(answer.error().error);
  if (!theirs || answer->status != 200) {
    findings.push_back({Verdict::wrong, "coordinator", coordinator.to_text() + " serves no CA certificate",
                        hint_of_step(net::WebStep::answer)});
    return false;
  }
  for (const auto& ours : roots.certificates()) {
    for (const auto& one : theirs->certificates()) {
      if (one.facts().sha256 == ours.facts().sha256) return true;
    }
  }
  findings.push_back({Verdict::wrong, "chain",
                      fmt::format("{} has another CA (SHA-256 {}) than this node ({})", coordinator.to_text(),
                                  to_hex(theirs->certificates().front().facts().sha256),
                                  to_hex(roots.certificates().front().facts().sha256)),
                      replaced_authority()});
  return false;
}

void check_revocation(const net::Endpoint& coordinator, const OwnFiles& own, Findings& findings) {
  const auto answer = get_as_anybody(coordinator, "/pki/crl.pem");
  if (!answer || answer->status != 200) return;
  const auto lists = pki::read_crls(answer->body, *own.roots, coordinator.to_text());
  if (!lists) return;
  const auto& facts = own.certificate->facts();
  for (const auto& list : *lists) {
    if (list.issuer_key_id != facts.issuer_key_id) continue;
    if (list.find(facts.serial) != nullptr) {
      findings.push_back({Verdict::wrong, "revocation",
                          fmt::format("this node's certificate {} is revoked", to_hex(facts.serial)),
                          std::string(kNewInvitation)});
      return;
    }
    findings.push_back({Verdict::good, "revocation", fmt::format("not in revocation list {}", list.number)});
    return;
  }
}

/// The handshake in which both show their certificates.
void check_handshake(const net::Endpoint& coordinator, const OwnFiles& own, const std::string& cluster_name,
                     Findings& findings) {
  net::TlsMaterial material;
  material.certificate = own.certificate_pem;
  material.private_key = std::string(own.key_pem.view());
  material.ca = own.ca_pem;
  material.cluster_name = cluster_name;
  const auto tls = net::TlsContexts::make(material);
  crypto::wipe(material.private_key);
  if (!tls) {
    findings.push_back({Verdict::wrong, "TLS", tls.error().context});
    return;
  }
  asio::io_context loop{1};
  NullLogSink silent;
  net::Client client(loop.get_executor(), **tls, silent);
  net::Call call;
  call.endpoint = coordinator;
  call.peer.role = pki::Role::coordinator;
  call.target = "/health";
  call.timeout = kAnswerTime;
  const auto answer = net::run_alone(loop, client.call(std::move(call)));
  if (answer) {
    findings.push_back(
        {Verdict::good, "TLS",
         fmt::format("{} is a coordinator of this fleet and takes this node's certificate", coordinator.to_text())});
    return;
  }
  const std::string& why = answer.error().error.context;
  const bool is_unknown_root = why.find(kUnknownIssuer) != std::string::npos;
  findings.push_back({Verdict::wrong, "TLS", why,
                      is_unknown_root
                          ? replaced_authority()
                          : "the coordinator's log says why it refuses: p2p-logs query --node COORDINATOR"});
}

}  // namespace

OwnFiles check_files(const pki::NodeMaterialRequest& request, WallTime now, Findings& findings) {
  OwnFiles out;
  const std::string join_hint = fmt::format(
      "p2p-ca invite {0} on the coordinator and p2p-node join here, or bring the files that p2p-ca sign {0} makes",
      request.node_id);
  const auto wrong = [&](const char* subject, const std::string& text, std::string hint) {
    findings.push_back({Verdict::wrong, subject, text, std::move(hint)});
  };
  if (auto pem = read_file(request.ca_certificate, pki::kMaxCertificatePemBytes)) {
    out.ca_pem = std::move(*pem);
    auto roots = pki::Roots::from_pem(out.ca_pem, request.ca_certificate.string());
    if (roots) {
      out.roots = std::move(*roots);
      findings.push_back({Verdict::good, "CA",
                          fmt::format("{}, SHA-256 {}", request.ca_certificate.string(),
                                      to_hex(out.roots->certificates().front().facts().sha256))});
    } else {
      wrong("CA", roots.error().context, join_hint);
    }
  } else {
    wrong("CA", pem.error().context, join_hint);
  }
  auto pair = pki::read_pair(request.own);
  if (!pair) {
    wrong("certificate", pair.error().context, pair.error().kind() == Errc::not_found ? join_hint : std::string());
    return out;
  }
  const auto identity = pki::check_identity(pair->certificate, request);
  if (!identity) {
    wrong("name, role", identity.error().context, "correct the configuration, or get a certificate for this node");
  } else {
    findings.push_back(
        {Verdict::good, "name, role",
         fmt::format("{} {} of cluster {}", pki::to_string(identity->role), identity->name, identity->cluster_name)});
    out.identity = *identity;
  }
  if (out.roots) {
    const auto chain = out.roots->verify(pair->certificate, pki::Purpose::client, now);
    if (!chain) {
      const bool is_unknown_root = out.roots->issuer_of(pair->certificate) == nullptr;
      wrong("chain", chain.error().context, is_unknown_root ? replaced_authority() : std::string(kNewInvitation));
    } else {
      findings.push_back({Verdict::good, "certificate",
                          fmt::format("valid until {}", format_rfc3339(pair->certificate.facts().not_after, 0))});
    }
  }
  if (auto key = crypto::write_private_key(*pair->key)) out.key_pem = std::move(*key);
  out.certificate_pem = pair->certificate_pem;
  out.certificate = std::move(pair->certificate);
  return out;
}

void check_place(const config::NodeConfig& config, const config::Paths& paths, Findings& findings) {
  const auto folder = paths.state_directory(config);
  const auto is_running = FileLock::is_held(folder / "lock");
  const auto writable = is_running ? check_writable(folder) : Result<void>(is_running.error());
  if (!writable) {
    findings.push_back({Verdict::wrong, "state", writable.error().context,
                        "the node writes there: make it the folder's owner, or set state_directory"});
  }
  const auto place = net::Endpoint{config.bind_address, config.port}.to_text();
  if (is_running && *is_running) {
    findings.push_back({Verdict::good, "port", "a node of this home is running; its log says what it does"});
    return;
  }
  const auto listeners = net::listen_on(config.bind_address, config.port, 1);
  if (!listeners) {
    findings.push_back({Verdict::wrong, "port", listeners.error().context,
                        listeners.error().kind() == Errc::exists
                            ? "stop what listens there (ss -ltnp shows it), or set another port"
                            : "set bind_address and port to ones that this machine allows"});
    return;
  }
  for (const int socket : listeners->sockets) ::close(socket);
  findings.push_back({Verdict::good, "port", place + " is free"});
}

void check_coordinator(const net::Endpoint& coordinator, const OwnFiles& own, const std::string& cluster_name,
                       Findings& findings) {
  const auto answer = get_as_anybody(coordinator, "/health");
  if (!answer) {
    findings.push_back(
        {Verdict::wrong, "coordinator", answer.error().error.context, hint_of_step(answer.error().step)});
    return;
  }
  findings.push_back({Verdict::good, "coordinator", coordinator.to_text() + " answers"});
  check_clock(coordinator, *answer, findings);
  if (!own.roots || !check_same_ca(coordinator, *own.roots, findings) || !own.certificate) return;
  check_revocation(coordinator, own, findings);
  check_handshake(coordinator, own, cluster_name, findings);
}

}  // namespace p2p::node
