#include "renewer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "acme/certificate_id.hpp"
#include "acme/identifier.hpp"
#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using acme::RenewalReason;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// The wall clock may be set meanwhile; a wait by the monotonic one is never longer.
constexpr minutes kLongestWait{1};
constexpr hours kSuggestionEvery{6};
constexpr hours kFirstRetryOfSuggestion{1};

std::string list_names(const std::vector<pki::SubjectName>& names) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name.text);
  return out;
}

std::vector<pki::SubjectName> names_of(const pki::CertificateFacts& facts) {
  std::vector<pki::SubjectName> out;
  for (const auto& text : facts.dns_names) out.push_back({pki::SubjectName::Kind::dns, text});
  for (const auto& text : facts.ip_addresses) out.push_back({pki::SubjectName::Kind::ip, text});
  return out;
}

std::string id_text(const pki::CertificateFacts& facts) {
  return acme::to_text(pki::CertificateId{facts.issuer_key_id, facts.serial});
}

/// What is renewed in the pool, which owns all that it needs.
struct AcmeFiles {
  acme::AccountKey account;
  crypto::KeyPtr key;
  pki::Roots roots;
};

Result<AcmeFiles> read_acme_files(const pki::NodeMaterialRequest& files, const std::filesystem::path& account_file) {
  auto account = open_account_key(account_file);
  if (!account) return account.error();
  auto key = pki::read_key_file(files.own.key);
  if (!key) return key.error();
  const auto ca_pem = read_file(files.ca_certificate, pki::kMaxCertificatePemBytes);
  if (!ca_pem) return ca_pem.error();
  auto roots = pki::Roots::from_pem(*ca_pem, files.ca_certificate.string());
  if (!roots) return roots.error();
  return AcmeFiles{std::move(*account), std::move(*key), std::move(*roots)};
}

}  // namespace

Renewer::Renewer(asio::io_context& control, Options options, Hooks hooks, const net::TlsContexts& tls,
                 net::BlockingPool& pool, Random& random, const Clock& clock, LogSink& log)
    : control_(control),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      tls_(tls),
      pool_(pool),
      clock_(clock),
      log_sink_(log),
      log_(log, "Certificate"),
      renewal_(random),
      wakeup_(control, Monotonic::max()) {}

void Renewer::use(const pki::Certificate& certificate) {
  in_use_ = certificate;
  const auto& facts = certificate.facts();
  renewal_.use(acme::CertificateLife{facts.not_before, facts.not_after, names_of(facts)});
  next_suggestion_ = {};
  wake();
}

void Renewer::supersede(WallTime from) {
  renewal_.supersede(from);
  wake();
}

void Renewer::renew_now(std::shared_ptr<net::Reply<Renewed>> asker) {
  askers_.push_back(std::move(asker));
  renewal_.request();
  wake();
}

void Renewer::answer_askers(const Renewed& outcome) {
  for (const auto& asker : std::exchange(askers_, {})) asker->give(outcome);
}

void Renewer::want(std::vector<pki::SubjectName> names) {
  std::erase_if(names, acme::is_loopback);
  if (names == names_) return;
  names_ = std::move(names);
  unproved_.clear();
  tell_wanted();
}

void Renewer::tell_wanted() {
  auto wanted = names_;
  std::erase_if(wanted, [&](const auto& name) { return acme::contains(unproved_, name); });
  renewal_.want(std::move(wanted));
  wake();
}

void Renewer::wake() { wakeup_.cancel(); }

asio::awaitable<bool> Renewer::is_authority() {
  auto looking = [key = options_.files.ca_key] { return file_exists(key); };
  return pool_.run(std::move(looking));
}

asio::awaitable<void> Renewer::run() {
  for (;;) {
    if (const auto reason = renewal_.due(clock_.wall())) co_await attempt(*reason);
    if (clock_.monotonic() >= next_suggestion_) co_await ask_for_suggestion();
    const WallTime now = clock_.wall();
    hooks_.health(renewal_.health(now));
    const auto wait = std::clamp<std::chrono::nanoseconds>(renewal_.next_attempt(now) - now,
                                                           std::chrono::milliseconds{100}, kLongestWait);
    wakeup_.expires_after(wait);
    // wake() ends the wait early; a cancellation of this task ends the next one with an exception.
    co_await wakeup_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Renewer::attempt(RenewalReason reason) {
  log_.info("renewing the certificate: {}", to_string(reason));
  renewal_.began(reason, clock_.wall());
  hooks_.health(renewal_.health(clock_.wall()));
  auto asking = is_authority();
  const bool is_here = co_await std::move(asking);
  auto task = is_here ? renew_here() : renew_by_acme(reason);
  const auto outcome = co_await std::move(task);
  if (!outcome) {
    take_failure(reason, outcome.error());
    co_return;
  }
  const auto& facts = outcome->certificate.facts();
  if (!outcome->left_out.empty()) leave_out(outcome->left_out, outcome->why_left_out);
  log_.info("there is a new certificate, valid until {}, for {}", format_rfc3339(facts.not_after, 0),
            list_names(names_of(facts)));
  hooks_.renewed();
  if (in_use_->facts().sha256 == facts.sha256) {
    renewal_.succeeded();
    answer_askers(facts);
    co_return;
  }
  take_failure(reason, {Error(Errc::failed, "the new certificate is in its file, but could not be taken over"), {}});
}

/// Where the CA is.
asio::awaitable<Renewer::Outcome> Renewer::renew_here() {
  auto files = options_.files;
  files.extra_names = names_;
  files.extra_names = wanted_names(files, &*in_use_);
  auto work = [files = std::move(files), now = clock_.wall()] { return pki::renew_own_certificate(files, now); };
  auto made = co_await pool_.run(std::move(work));
  if (!made) co_return acme::ClientFailure{made.error(), {}};
  co_return acme::Enrolled{made->pem(), *made};
}

asio::awaitable<Renewer::Outcome> Renewer::renew_by_acme(RenewalReason reason) {
  const auto failed = [](const Error& error) { return acme::ClientFailure{error, {}}; };
  auto reading = [files = options_.files, account = options_.account_key] { return read_acme_files(files, account); };
  const auto read = co_await pool_.run(std::move(reading));
  if (!read) co_return failed(read.error());
  auto files = options_.files;
  files.extra_names = names_;
  acme::Enrollment enrollment(control_, options_.enrollment, read->account, tls_, clock_, log_sink_);
  std::vector<pki::SubjectName> enough;
  if (reason == RenewalReason::names_changed) enough = names_of(in_use_->facts());
  auto asking = enrollment.obtain(pki::subject_name_of_node(files.node_id), wanted_names(files, &*in_use_), *read->key,
                                  id_text(in_use_->facts()), std::move(enough));
  auto enrolled = co_await std::move(asking);
  if (!enrolled) co_return enrolled.error();
  const auto identity = in_use_->identity();
  if (!identity) co_return failed(identity.error());
  const auto good = acme::check_enrolled(enrolled->certificate, *identity, *read->key, read->roots, clock_.wall());
  if (!good) co_return failed(good.error());
  auto writing = [file = files.own.certificate, text = enrolled->chain_pem] {
    return write_file(file, text, kPublicMode);
  };
  const auto written = co_await pool_.run(std::move(writing));
  if (!written) co_return failed(written.error());
  co_return enrolled;
}

void Renewer::leave_out(const std::vector<pki::SubjectName>& names, const std::string& why) {
  log_.warning("the certificate does without {}, which could not be proved: {}", list_names(names), why);
  unproved_.insert(unproved_.end(), names.begin(), names.end());
  tell_wanted();
}

void Renewer::take_failure(RenewalReason reason, const acme::ClientFailure& failure) {
  // Addresses behind a NAT cannot be proved; the certificate is as good without them as it was.
  if (reason == RenewalReason::names_changed && !failure.names.empty()) {
    leave_out(failure.names, failure.error.context);
    // Not what they asked for: that comes next.
    return;
  }
  answer_askers(failure.error);
  const WallTime now = clock_.wall();
  renewal_.failed(failure.error.context, failure.retry_after, now);
  const auto health = renewal_.health(now);
  const auto until = [&](WallTime time) {
    return format_duration(std::max(std::chrono::duration_cast<std::chrono::milliseconds>(time - now), {}));
  };
  log_.error("the certificate could not be renewed, and is valid for {} yet: {}; trying again in {}",
             until(in_use_->facts().not_after), failure.error.context, until(health.next_attempt));
}

asio::awaitable<void> Renewer::ask_for_suggestion() {
  next_suggestion_ = clock_.monotonic() + kSuggestionEvery;
  auto asking_where = is_authority();
  const bool is_here = co_await std::move(asking_where);
  if (is_here || !in_use_) co_return;
  auto reading = [file = options_.account_key] { return open_account_key(file); };
  const auto account = co_await pool_.run(std::move(reading));
  if (!account) co_return;
  const auto asked_for = id_text(in_use_->facts());
  acme::Enrollment enrollment(control_, options_.enrollment, *account, tls_, clock_, log_sink_);
  auto asking = enrollment.renewal_info(asked_for);
  const auto info = co_await std::move(asking);
  if (!info) {
    if (info.error().error.kind() == Errc::unreachable) next_suggestion_ = clock_.monotonic() + kFirstRetryOfSuggestion;
    log_.debug("no suggestion when to renew: {}", info.error().error.context);
    co_return;
  }
  if (asked_for != id_text(in_use_->facts())) co_return;
  renewal_.suggest(info->window);
  const auto again = info->ask_again_after.value_or(kSuggestionEvery);
  next_suggestion_ = clock_.monotonic() + std::max<std::chrono::seconds>(again, minutes{10});
}

}  // namespace p2p::node
