#include "acme/store_rows.hpp"

#include "acme/identifier.hpp"

namespace p2p::acme {

Result<Json> json_of(const Statement& statement, int column) {
  if (statement.is_null(column)) return Json();
  auto parsed = parse_json(statement.text(column));
  if (!parsed) return Error(Errc::damaged, "the ACME store holds what is " + parsed.error().context);
  return parsed;
}

std::string names_text(const std::vector<pki::SubjectName>& names) {
  Json out = Json::array();
  for (const auto& name : names) out.push_back(to_json(name));
  return dump_json(out);
}

Result<std::vector<pki::SubjectName>> names_of(const Statement& statement, int column) {
  const auto list = json_of(statement, column);
  if (!list) return list.error();
  std::vector<pki::SubjectName> out;
  for (const auto& one : *list) {
    auto name = read_identifier(one);
    if (!name) return Error(Errc::damaged, "the ACME store holds a name that is none: " + name.error().detail);
    out.push_back(std::move(*name));
  }
  return out;
}

Result<bool> changes_a_row(Database& database, Statement& statement) {
  if (const auto done = statement.run(); !done) return done.error();
  return database.changed_rows() > 0;
}

}  // namespace p2p::acme
