#include <fmt/format.h>

#include <functional>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/rfc3339.hpp"
#include "base/whole_file.hpp"
#include "commands.hpp"
#include "cursor_file.hpp"
#include "filter_options.hpp"
#include "known_nodes.hpp"
#include "log_page.hpp"
#include "logs/store.hpp"
#include "progress_line.hpp"

namespace p2p::logs {
namespace {

using cli::Attempt;
using cli::Failure;

class ExportCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    filter_.declare(options);
    filter_.declare_times(options);
    options.text("--out", "FILE", out_, "write to this file, which appears when all is in it; else standard output");
    options.flag("-f,--force", force_, "replace the file if it is there already");
    cursor_file_.declare(options);
  }

  Attempt<void> run(cli::Session& session) override {
    auto parameters = filter_.parameters();
    if (!parameters) return parameters.error();
    if (force_ && out_.empty()) return Failure(cli::kUsage, "--force goes with --out");
    if (!out_.empty() && !force_ && file_exists(out_)) return exists();
    if (const auto opened = cursor_file_.open(); !opened) return opened;
    cursor_ = cursor_file_.cursor();
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    const auto done = out_.empty() ? to_stream(*client, session, std::move(*parameters))
                                   : to_file(*client, session, std::move(*parameters));
    const auto kept = cursor_file_.close();
    if (!done) return cursor_file_.explain(done.error());
    if (!kept) return kept;
    session.report.note(fmt::format("{} records{}", count_, out_.empty() ? "" : " in " + out_));
    if (count_ == 0) return warn_of_unknown_nodes(filter_.nodes, *client, session.report);
    return {};
  }

 private:
  /// Takes some lines; after it they are where they are to be.
  using Write = std::function<Attempt<void>(const std::string& lines)>;

  Failure exists() const { return {Error(Errc::exists, out_ + ": is there already"), "--force replaces it"}; }

  Attempt<void> to_stream(cli::NodeClient& client, cli::Session& session, Json parameters) {
    return read(client, session, std::move(parameters), [&](const std::string& lines) -> Attempt<void> {
      if (!(session.out.stream() << lines).flush()) return Failure(cli::kFailed, "");  // main says why
      return {};
    });
  }

  /// The cursor moves on once the file has its name: what a kill leaves unnamed is exported again.
  Attempt<void> to_file(cli::NodeClient& client, cli::Session& session, Json parameters) {
    client.end_requests_on_signal();  // so that no half-written file stays, where it has a name
    WholeFile file(out_, system_disk());
    if (const auto begun = file.begin_unnamed(kSecretMode); !begun) return begun.error();
    const auto write = [&](const std::string& lines) -> Attempt<void> {
      if (const auto written = file.write_through(as_bytes(lines)); !written) return written.error();
      return {};
    };
    if (const auto done = read(client, session, std::move(parameters), write); !done) return done;
    const auto named = force_ ? file.replace() : file.create();
    if (!named && named.error().kind() == Errc::exists) return exists();
    if (!named) return named.error();
    cursor_file_.keep(cursor_);
    return {};
  }

  Attempt<void> read(cli::NodeClient& client, cli::Session& session, Json parameters, const Write& write) {
    ProgressLine progress(!session.report.is_quiet());
    parameters["order"] = "asc";
    parameters["limit"] = kMaxPageRecords;
    for (bool more = true; more;) {
      if (!cursor_.empty()) parameters["cursor"] = cursor_;
      const auto page = get_page(client, parameters);
      if (!page) return page.error();
      std::string lines;
      for (const ParsedRecord& record : page->records) {
        append_record_json(lines, record.record, record.cursor);
        lines += '\n';
      }
      if (const auto written = write(lines); !written) return written;
      count_ += page->records.size();
      more = page->more;
      cursor_ = page->cursor;
      if (out_.empty()) cursor_file_.keep(cursor_);
      if (progress.is_due()) progress.show(progress_text(*page));
    }
    return {};
  }

  std::string progress_text(const LogPage& page) const {
    std::string out = fmt::format("{} records", count_);
    if (!page.records.empty()) out += ", those until " + format_rfc3339(page.records.back().record.received_at, 0);
    return out;
  }

  FilterOptions filter_;
  CursorFile cursor_file_;
  std::string out_;
  bool force_ = false;
  std::string cursor_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<cli::Command> make_export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace p2p::logs
