#include "base/text.hpp"
#include "commands.hpp"
#include "question.hpp"
#include "ranking_view.hpp"

namespace p2p::probe {
namespace {

using cli::Attempt;

class SelectCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("HOST:PORT", target_, "whom it is for; else the coordinators of the configuration");
    question_.declare_conditions(options);
    question_.declare_probing(options);
  }

  cli::ConfigFlags config_flags() const override { return {question_.config_file(), {}}; }

  Attempt<void> run(cli::Session& session) override {
    std::vector<std::string> targets;
    if (!target_.empty()) targets.push_back(target_);
    if (auto ready = question_.prepare(session, targets); !ready) return ready;
    const auto answer = question_.answer(session, addresses::ProbeAim::first_good);
    if (!answer) return answer.error();
    if (auto good = judge(*answer); !good) return good;
    const addresses::Candidate& best = *answer->ranking.best();
    const bool is_plain = session.out.format() == cli::Format::table || session.out.format() == cli::Format::name;
    if (is_plain)
      session.out.stream() << escape_controls(best.address) << '\n';
    else
      session.out.value(dump_json(to_json(best)));
    return {};
  }

 private:
  std::string target_;
  Question question_;
};

}  // namespace

std::unique_ptr<cli::Command> make_select_command() { return std::make_unique<SelectCommand>(); }

}  // namespace p2p::probe
