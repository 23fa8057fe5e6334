#include "pki/x509_parts.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/openssl.hpp"

namespace p2p::pki {
namespace {

constexpr std::size_t kMaxCommonName = 64;

bool push(GENERAL_NAMES* names, Owned<GENERAL_NAME> name) {
  if (!name || sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  name.release();
  return true;
}

}  // namespace

ByteView bytes_of(const ASN1_STRING* text) {
  if (text == nullptr) return {};
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::time_t to_seconds(WallTime time) {
  return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
}

Result<std::string> common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return std::string();
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return crypto::openssl_error(Errc::damaged, "a common name that cannot be read");
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

bool add_common_name(X509_NAME* name, std::string_view common_name) {
  const std::string_view cut = common_name.substr(0, kMaxCommonName);
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(cut.data()), static_cast<int>(cut.size()),
                                    -1, 0) == 1;
}

Result<AlternativeNames> read_alternative_names(const GENERAL_NAMES& names) {
  AlternativeNames out;
  for (int i = 0; i < sk_GENERAL_NAME_num(&names); ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(&names, i), &type));
    if (type == GEN_IPADD) {
      auto address = ip_to_text(bytes_of(value));
      if (!address) return Error(Errc::damaged, "an IP name that is not an address");
      out.ip_addresses.push_back(std::move(*address));
      continue;
    }
    if (type != GEN_DNS && type != GEN_URI) {
      out.has_others = true;
      continue;
    }
    std::string text = to_text(bytes_of(value));
    // A NUL makes "node" of "node\0.evil.example" for whoever reads C strings.
    if (text.find('\0') != std::string::npos) return Error(Errc::damaged, "a name with a NUL in it");
    (type == GEN_DNS ? out.dns_names : out.uris).push_back(std::move(text));
  }
  return out;
}

Owned<GENERAL_NAME> make_general_name(int type, std::string_view bytes) {
  Owned<GENERAL_NAME> name(GENERAL_NAME_new());
  Owned<ASN1_STRING> value(ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
  if (!name || !value || ASN1_STRING_set(value.get(), bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
  GENERAL_NAME_set0_value(name.get(), type, value.release());
  return name;
}

Owned<GENERAL_NAMES> make_alternative_names(const std::vector<SubjectName>& names, const std::string& uri) {
  Owned<GENERAL_NAMES> out(GENERAL_NAMES_new());
  if (!out) return {};
  for (const auto& name : names) {
    if (name.kind == SubjectName::Kind::dns) {
      if (!push(out.get(), make_general_name(GEN_DNS, name.text))) return {};
      continue;
    }
    const auto address = ip_to_bytes(name.text);
    if (!address || !push(out.get(), make_general_name(GEN_IPADD, as_text(*address)))) return {};
  }
  if (!uri.empty() && !push(out.get(), make_general_name(GEN_URI, uri))) return {};
  return out;
}

}  // namespace p2p::pki
