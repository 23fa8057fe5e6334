#include "pki/issuing_authority.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/inventory_events.hpp"

namespace p2p::pki {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUserBytes = 4096;
constexpr std::size_t kHostBytes = 256;

bool is_loopback_name(std::string_view name) {
  const std::string lower = lower_ascii(name);
  return lower == "localhost" || lower.ends_with(".localhost");
}

bool is_reserved_address(ByteView address) {
  const bool is_zero = std::all_of(address.begin(), address.end(), [](std::uint8_t byte) { return byte == 0; });
  if (address.size() == 4) return is_zero || address[0] == 127;
  const bool is_one = address.back() == 1 &&
                      std::all_of(address.begin(), address.end() - 1, [](std::uint8_t byte) { return byte == 0; });
  return is_zero || is_one;
}

}  // namespace

std::string whoami() {
  std::array<char, kHostBytes> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::array<char, kUserBytes> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t user = ::getuid();  // of the person, also where root works as the home's owner
  const bool is_named = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return fmt::format("{}@{}", is_named ? std::string(entry.pw_name) : fmt::format("{}", user), host.data());
}

IssuingAuthority::IssuingAuthority(AuthorityPaths paths, AuthoritySet set, Inventory inventory)
    : paths_(std::move(paths)),
      set_(std::move(set)),
      inventory_(std::move(inventory)),
      cluster_name_(set_.active().cluster_name()) {}

Result<IssuingAuthority> IssuingAuthority::open(AuthorityPaths paths, const Act& act) {
  if (file_exists(paths.restore_mark)) {
    return Error(Errc::damaged, fmt::format("{}: a restore was cut off; run p2p-ca restore --force again",
                                            paths.restore_mark.parent_path().string()));
  }
  return open_restored(std::move(paths), act);
}

Result<IssuingAuthority> IssuingAuthority::open_restored(AuthorityPaths paths, const Act& act) {
  auto set = open_authorities(paths);
  if (!set) return set.error();
  auto inventory = Inventory::open(paths.inventory);
  if (!inventory) return inventory.error();
  IssuingAuthority out(std::move(paths), std::move(*set), std::move(*inventory));
  if (auto recorded = out.record_files(act); !recorded) return recorded.error();
  if (auto listed = out.repair_root_list(act); !listed) return listed.error();
  return out;
}

Result<IssuingAuthority> IssuingAuthority::make(AuthorityPaths paths, const AuthorityRequest& request, const Act& act) {
  auto authority = Authority::make(request, act.at);
  if (!authority) return authority.error();
  // Opened before anything is overwritten, so that a full disk leaves the old CA as it was.
  if (auto inventory = Inventory::open(paths.inventory); !inventory) return inventory.error();
  if (auto written = write_pair({paths.certificate, paths.key}, authority->certificate(), authority->key(), true);
      !written) {
    return written.error();
  }
  for (const auto& left :
       {paths.next_key, paths.old_key, paths.crl, paths.roots, paths.fleet_trust, paths.restore_mark}) {
    (void)remove_file(left);  // what cannot be removed belongs to no root and is passed over
  }
  return open(std::move(paths), act);
}

Result<void> IssuingAuthority::record_files(const Act& act) {
  const auto version = inventory_.roots_version();
  if (!version) return version.error();
  roots_version_ = *version;
  const auto is_recorded = [&]() -> Result<bool> {
    const auto recorded = inventory_.roots();
    if (!recorded) return recorded.error();
    const auto& here = set_.roots.certificates();
    return recorded->size() == here.size() && recorded->front().active &&
           std::equal(here.begin(), here.end(), recorded->begin(), [](const auto& root, const auto& record) {
             return root.facts().subject_key_id == record.key_id;
           });
  };
  auto same = is_recorded();
  if (!same) return same.error();
  if (*same) return {};

  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  same = is_recorded();  // another process may have been faster
  if (!same) return same.error();
  if (*same) return {};
  const auto is_new = inventory_.is_empty();
  if (!is_new) return is_new.error();
  const auto recorded = inventory_.roots();
  if (!recorded) return recorded.error();
  // The files say what is trusted; what the inventory lacks is made up for.
  for (const auto& root : set_.roots.certificates()) {
    const bool is_known = std::any_of(recorded->begin(), recorded->end(),
                                      [&](const auto& record) { return record.key_id == root.facts().subject_key_id; });
    if (is_known) continue;
    const auto is_retired = inventory_.is_retired_root(root.facts().subject_key_id);
    if (!is_retired) return is_retired.error();
    if (*is_retired) {
      return Error(Errc::damaged, fmt::format("{}: holds a root that was retired (serial {}); take it out of there",
                                              paths_.certificate.string(), to_hex(root.facts().serial)));
    }
    if (auto done = inventory_.append(root_added(root), act.who, act.at); !done) return done;
  }
  const Bytes& active = set_.active().certificate().facts().subject_key_id;
  if (auto done = inventory_.append(root_activated(active), act.who, act.at); !done) return done;
  for (const auto& record : *recorded) {
    const bool is_here =
        std::any_of(set_.roots.certificates().begin(), set_.roots.certificates().end(),
                    [&](const Certificate& root) { return root.facts().subject_key_id == record.key_id; });
    if (is_here) continue;
    if (auto done = inventory_.append(root_retired(record.key_id), act.who, act.at); !done) return done;
  }
  if (*is_new) {
    if (auto done = import_certificates(act); !done) return done;
  }
  const auto changed = inventory_.roots_version();
  if (!changed) return changed.error();
  roots_version_ = *changed;
  return transaction->commit();
}

Result<void> IssuingAuthority::import_certificates(const Act& act) {
  const CertificateFolder folder(paths_.certificate.parent_path());
  const auto names = folder.names();
  if (!names) return names.error();
  for (const auto& name : *names) {
    const auto certificate = read_certificate_file(folder.files_of(name).certificate);
    // What cannot be read was not made here.
    if (!certificate || certificate->facts().is_ca || certificate->facts().issuer_key_id.empty()) continue;
    if (set_.roots.issuer_of(*certificate) == nullptr) continue;
    const auto is_there = inventory_.has_certificate(*certificate);  // one certificate in two files
    if (!is_there) return is_there.error();
    if (*is_there) continue;
    if (auto done = inventory_.append(certificate_imported(*certificate), act.who, act.at); !done) return done;
  }
  return {};
}

Result<void> IssuingAuthority::refresh() {
  const auto version = inventory_.roots_version();
  if (!version) return version.error();
  if (*version == roots_version_) return {};
  auto set = open_authorities(paths_);
  if (!set) return set.error();
  set_ = std::move(*set);
  roots_version_ = *version;
  return {};
}

Result<std::vector<Certificate>> IssuingAuthority::issue(std::span<const Order> orders, const Act& act,
                                                         const Check& check) {
  const std::lock_guard lock(*mutex_);
  auto transaction = inventory_.begin();
  if (!transaction) return transaction.error();
  if (auto done = refresh(); !done) return done.error();
  std::vector<Certificate> out;
  for (const auto& order : orders) {
    const auto is_compromised = inventory_.is_compromised(*order.key);
    if (!is_compromised) return is_compromised.error();
    if (*is_compromised) {
      return Error(Errc::unsupported, fmt::format("the key for \"{}\" was revoked as compromised; it needs a new one",
                                                  order.request.name));
    }
    auto certificate = set_.active().issue(order.request, *order.key, act.at);
    if (!certificate) return certificate.error();
    if (check) {
      if (auto good = check(*certificate); !good) return good.error();
    }
    const Event event = certificate_issued(*certificate, order.request.name, order.request.role);
    if (auto done = inventory_.append(event, act.who, act.at); !done) return done.error();
    out.push_back(std::move(*certificate));
  }
  if (auto done = transaction->commit(); !done) return done.error();
  return out;
}

Result<Certificate> IssuingAuthority::issue(const LeafRequest& request, const EVP_PKEY& key, const Act& act,
                                            const Check& check) {
  const Order order{request, &key};
  auto out = issue(std::span(&order, 1), act, check);
  if (!out) return out.error();
  return std::move(out->front());
}

Result<bool> IssuingAuthority::is_reserved(const SubjectName& subject, std::string_view name, WallTime now) {
  if (subject.kind == SubjectName::Kind::ip) {
    const auto address = ip_to_bytes(subject.text);
    return !address || is_reserved_address(*address);
  }
  if (is_loopback_name(subject.text)) return true;
  const std::lock_guard lock(*mutex_);
  return inventory_.belongs_to_other(subject.text, name, now);
}

Result<std::vector<RecordedCertificate>> IssuingAuthority::certificates(const CertificateFilter& filter) {
  const std::lock_guard lock(*mutex_);
  return inventory_.certificates(filter);
}

Result<RecordedCertificate> IssuingAuthority::find(ByteView issuer_key_id, ByteView serial) {
  const auto first = std::find_if(serial.begin(), serial.end(), [](std::uint8_t byte) { return byte != 0; });
  const ByteView magnitude(first, serial.end());
  auto found = certificates(
      {.issuer_key_id = Bytes(issuer_key_id.begin(), issuer_key_id.end()), .serial_prefix = to_hex(magnitude)});
  if (!found) return found.error();
  const auto exact = std::find_if(found->begin(), found->end(),
                                  [&](const auto& record) { return std::ranges::equal(record.serial, magnitude); });
  if (exact == found->end()) return Error(Errc::not_found, "no certificate of this CA");
  return std::move(*exact);
}

Result<bool> IssuingAuthority::has(const Certificate& certificate) {
  const std::lock_guard lock(*mutex_);
  return inventory_.has_certificate(certificate);
}

Result<bool> IssuingAuthority::is_compromised(const EVP_PKEY& key) {
  const std::lock_guard lock(*mutex_);
  return inventory_.is_compromised(key);
}

Result<AuditReport> IssuingAuthority::audit(ByteView noted_head) {
  const std::lock_guard lock(*mutex_);
  return inventory_.audit(noted_head);
}

Result<Roots> IssuingAuthority::roots() {
  const std::lock_guard lock(*mutex_);
  if (auto done = refresh(); !done) return done.error();
  return set_.roots;
}

}  // namespace p2p::pki
