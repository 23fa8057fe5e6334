#include "cli/contexts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "pki/bundle.hpp"

namespace p2p::cli {
namespace {

constexpr std::size_t kMaxListBytes = 1 << 20;

std::string names_of(const ContextStore::List& list) {
  std::string out = kLocalContext;
  for (const Context& context : list.contexts) out += ", " + context.name;
  return out;
}

}  // namespace

Result<ContextStore::List> ContextStore::list() const {
  List out;
  const auto text = read_file(list_file(), kMaxListBytes);
  if (!text) {
    if (text.error().kind() == Errc::not_found) return out;
    return text.error();
  }
  const Error damaged(Errc::damaged, list_file().string() + ": not a list of contexts");
  const auto document = parse_json(*text);
  if (!document) return damaged;
  const Json* contexts = find_member(*document, "contexts");
  if (contexts == nullptr || !contexts->is_object()) return damaged;
  for (const auto& [name, context] : contexts->items()) {
    if (!is_valid_name(name) || !context.is_object()) return damaged;
    out.contexts.push_back(
        {name, member_text(context, "coordinator"), member_text(context, "cluster"), member_text(context, "operator")});
  }
  if (const std::string* current = find_string(*document, "current")) out.current = *current;
  return out;
}

Result<Context> ContextStore::find(const std::string& name) const {
  if (name == kLocalContext) return Context{kLocalContext, {}};
  const auto all = list();
  if (!all) return all.error();
  const auto found = std::find_if(all->contexts.begin(), all->contexts.end(),
                                  [&](const Context& context) { return context.name == name; });
  if (found == all->contexts.end()) {
    return Error(Errc::not_found, fmt::format("no context \"{}\"; there are: {}", name.substr(0, 64), names_of(*all)));
  }
  return *found;
}

Result<Context> ContextStore::current() const {
  const auto all = list();
  if (!all) return all.error();
  return find(all->current);
}

Result<void> ContextStore::save(const List& list) const {
  Json contexts = Json::object();
  for (const Context& context : list.contexts) {
    contexts[context.name] = {
        {"coordinator", context.coordinator}, {"cluster", context.cluster_name}, {"operator", context.operator_name}};
  }
  const Json document{{"current", list.current}, {"contexts", std::move(contexts)}};
  return write_file(list_file(), document.dump(2) + "\n", kSecretMode);
}

Result<void> ContextStore::add(const Context& context, const pki::Bundle& bundle, bool replace) {
  if (!is_valid_name(context.name) || context.name == kLocalContext) {
    return Error(Errc::invalid, fmt::format("\"{}\" cannot be the name of a context", context.name.substr(0, 64)));
  }
  auto lock = FileLock::acquire(home_ / "config" / "contexts.lock");
  if (!lock) return lock.error();
  auto all = list();
  if (!all) return all.error();
  const auto same = [&](const Context& other) { return other.name == context.name; };
  const auto found = std::find_if(all->contexts.begin(), all->contexts.end(), same);
  if (found != all->contexts.end()) {
    if (!replace) return Error(Errc::exists, fmt::format("context \"{}\" is there already", context.name));
    all->contexts.erase(found);
  }
  if (all->contexts.size() >= kMaxContexts) {
    return Error(Errc::too_large, fmt::format("there are {} contexts already", kMaxContexts));
  }
  // The list comes last: until then nothing refers to the files.
  const IdentityFiles files = files_of(context.name);
  if (auto done = write_file(files.key, bundle.key_pem.view(), kSecretMode); !done) return done;
  if (auto done = write_file(files.certificate, bundle.certificate_pem, kPublicMode); !done) return done;
  if (auto done = write_file(files.ca, bundle.ca_pem, kPublicMode); !done) return done;
  all->contexts.push_back(context);
  all->current = context.name;
  return save(*all);
}

Result<void> ContextStore::use(const std::string& name) {
  auto lock = FileLock::acquire(home_ / "config" / "contexts.lock");
  if (!lock) return lock.error();
  if (auto found = find(name); !found) return found.error();
  auto all = list();
  if (!all) return all.error();
  all->current = name;
  return save(*all);
}

Result<void> ContextStore::remove(const std::string& name) {
  if (name == kLocalContext) {
    return Error(Errc::invalid, "the context local is this home's own operator certificate, and always there");
  }
  auto lock = FileLock::acquire(home_ / "config" / "contexts.lock");
  if (!lock) return lock.error();
  if (auto found = find(name); !found) return found.error();
  auto all = list();
  if (!all) return all.error();
  std::erase_if(all->contexts, [&](const Context& context) { return context.name == name; });
  if (all->current == name) all->current = kLocalContext;
  // The list comes first: afterwards nothing refers to the files.
  if (auto saved = save(*all); !saved) return saved;
  const IdentityFiles files = files_of(name);
  for (const auto& file : {files.key, files.certificate, files.ca}) {
    const auto removed = remove_file(file);
    if (!removed && removed.error().kind() != Errc::not_found) return removed;
  }
  std::error_code ignored;  // a folder in which somebody put something else stays
  std::filesystem::remove(files.key.parent_path(), ignored);
  return {};
}

IdentityFiles ContextStore::files_of(const std::string& name) const {
  if (name == kLocalContext) {
    const auto certs = home_ / "certs";
    return {certs / "operator_cert.pem", certs / "operator_key.pem", certs / "ca_cert.pem"};
  }
  const auto folder = home_ / "certs" / "contexts" / name;
  return {folder / "cert.pem", folder / "key.pem", folder / "ca_cert.pem"};
}

}  // namespace p2p::cli
