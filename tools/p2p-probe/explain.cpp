#include "commands.hpp"
#include "question.hpp"
#include "ranking_view.hpp"

namespace p2p::probe {
namespace {

using cli::Attempt;

class ExplainCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("HOST:PORT", targets_, 0, "whom it is for; else the coordinators of the configuration");
    question_.declare_conditions(options);
    question_.declare_probing(options);
  }

  cli::ConfigFlags config_flags() const override { return {question_.config_file(), {}}; }

  Attempt<void> run(cli::Session& session) override {
    if (auto ready = question_.prepare(session, targets_); !ready) return ready;
    const auto answer = question_.answer(session, addresses::ProbeAim::all);
    if (!answer) return answer.error();
    const Json explanation = to_json(*answer);
    if (session.out.format() == cli::Format::table)
      print_explanation(session.out, explanation);
    else if (session.out.format() == cli::Format::name)
      session.out.value(dump_json(explanation["address"]));
    else
      session.out.value(dump_json(explanation));
    return judge_explained(*answer);
  }

 private:
  std::vector<std::string> targets_;
  Question question_;
};

}  // namespace

std::unique_ptr<cli::Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace p2p::probe
