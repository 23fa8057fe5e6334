#include "cli/app.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "base/json.hpp"

using namespace p2p::cli;
using namespace std::chrono_literals;

namespace {

struct Greet final : Command {
  std::string name, tone = "plain";
  std::vector<std::string> words, tags;
  std::chrono::milliseconds wait{1s};
  std::uint64_t count = 1;
  bool loud = false;

  void declare(Options& options) override {
    options.argument("NAME", name, "whom to greet");
    options.arguments("WORD", words, 0, "what else to say");
    options.flag("-l,--loud", loud, "in capitals");
    options.texts("--tag", "TAG", tags, "may be repeated");
    options.choice("--tone", "TONE", tone, {"plain", "warm"}, "how");
    options.duration("--wait", "TIME", wait, "how long");
    options.number("--count", "N", count, 1, 9, "how often");
  }
  Attempt<void> run(Session& session) override {
    if (name == "nobody") return Failure(kNotFound, "no \"nobody\" here", "greet someone");
    if (name == "throw") throw std::runtime_error("unforeseen");
    auto& out = session.out.stream();
    out << name << '|' << wait.count() << '|' << count << '|' << tone << '|' << loud;
    for (const auto& word : words) out << '|' << word;
    for (const auto& tag : tags) out << "|#" << tag;
    out << '\n';
    session.report.note("greeted");
    session.report.detail("with care");
    return {};
  }
};

struct List final : Command {
  Attempt<void> run(Session& session) override {
    session.out.value("[1]");
    return {};
  }
};

const CommandEntry kCommands[] = {
    {"greet", "Greets someone.", "demo greet alice", make_command<Greet>},
    {"box add", "Adds a box.", "demo box add", make_command<List>},
    {"box ls", "Lists boxes.", "demo box ls", make_command<List>},
    {"__raw", "For scripts.", "demo __raw", make_command<List>},
};
const Tool kTool{"demo", "Shows how tools behave.", kCommands};

struct Ran {
  int code;
  std::string out, err;
};

Ran run(std::vector<std::string> arguments) {
  std::istringstream in;
  std::ostringstream out, err;
  const int code = run_tool(kTool, std::move(arguments), {in, out, err});
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("options are read wherever they stand") {
  const Ran ran =
      run({"-q", "greet", "alice", "--wait", "2m", "hi", "--tag=a", "there", "--tag", "b", "-l", "--count=3"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "alice|120000|3|plain|1|hi|there|#a|#b\n");
  CHECK(ran.err.empty());
  CHECK(run({"greet", "alice", "--home", "/x", "-o", "json"}).code == 0);
  CHECK(run({"greet", "--", "-dash"}).out.starts_with("-dash|"));
  CHECK(run({"greet", "a", "-"}).out == "a|1000|1|plain|0|-\n");
}

TEST_CASE("a word that equals a subcommand is an argument after one") {
  CHECK(run({"greet", "greet", "box", "ls"}).out == "greet|1000|1|plain|0|box|ls\n");
}

TEST_CASE("of a value given twice the last one counts") {
  CHECK(run({"greet", "a", "--count", "2", "--count", "4"}).out == "a|1000|4|plain|0\n");
}

TEST_CASE("errors have the tool's name, and verbosity chooses them") {
  CHECK(run({"greet", "a"}).err == "greeted\n");
  CHECK(run({"greet", "a", "-q"}).err.empty());
  CHECK(run({"greet", "a", "-v"}).err == "greeted\nwith care\n");
  const Ran missing = run({"greet", "nobody"});
  CHECK(missing.code == 5);
  CHECK(missing.out.empty());
  CHECK(missing.err == "demo: error: no \"nobody\" here\nhint: greet someone\n");
}

TEST_CASE("with -o json an error is one JSON object on a line of its own, for usage as well") {
  const Ran ran = run({"greet", "nobody", "-o", "json"});
  CHECK(ran.code == 5);
  CHECK(ran.err ==
        R"({"error":{"kind":"not_found","exit_code":5,"message":"no \"nobody\" here","hint":"greet someone"}})"
        "\n");
  const auto usage = p2p::parse_json(run({"-o", "json", "greet", "a", "--lod"}).err);
  REQUIRE(usage.has_value());
  CHECK(usage->at("error").at("kind") == "usage");
  CHECK(usage->at("error").at("message") == "unknown option \"--lod\"; did you mean \"--loud\"?");
  CHECK(run({"greet", "nobody", "-o", "yaml"}).err.starts_with("demo: error: "));
}

TEST_CASE("what begins with two underscores is for scripts: it runs, and is named nowhere") {
  CHECK(run({"__raw"}).code == 0);
  CHECK(run({"--help"}).out.find("__raw") == std::string::npos);
  CHECK(run({"--dump-commands"}).out.find("__raw") == std::string::npos);
  CHECK(run({"__rav"}).err.find("__raw") == std::string::npos);
}

TEST_CASE("the help of a word with commands below it names them") {
  const CommandEntry entries[] = {{"box", "Shows boxes.", "demo box", make_command<List>},
                                  {"box add", "Adds a box.", "demo box add", make_command<List>}};
  const Tool tool{"demo", "Shows how tools behave.", entries};
  std::istringstream in;
  std::ostringstream out, err;
  CHECK(run_tool(tool, {"box", "--help"}, {in, out, err}) == 0);
  CHECK(out.str().find("More commands:\n  box add") != std::string::npos);
  CHECK(run_tool(tool, {"box", "ad"}, {in, out, err}) == 2);
  CHECK(err.str().find("unexpected argument \"ad\"; did you mean \"add\"?") != std::string::npos);
}

TEST_CASE("usage errors are said in our words and end with 2") {
  const auto said = [](std::vector<std::string> arguments) {
    const Ran ran = run(std::move(arguments));
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK(said({"gret"}) == "demo: error: unknown command \"gret\"; did you mean \"greet\"?\nhint: demo --help\n");
  CHECK(said({"zzz"}) == "demo: error: unknown command \"zzz\"\nhint: demo --help\n");
  CHECK(said({"box", "ad"}) ==
        "demo: error: unknown command \"box ad\"; did you mean \"add\"?\nhint: demo box --help\n");
  CHECK(said({"box"}) == "demo: error: \"box\" expects one of: add, ls\nhint: demo box --help\n");
  CHECK(said({"greet", "a", "--cuont", "2"}) ==
        "demo: error: unknown option \"--cuont\"; did you mean \"--count\"?\nhint: demo greet --help\n");
  CHECK(said({"greet"}) == "demo: error: NAME is missing\nhint: demo greet --help\n");
  CHECK(said({"greet", "a", "--count"}) == "demo: error: --count needs a value\nhint: demo greet --help\n");
  CHECK(said({"greet", "a", "--count", "10"}) ==
        "demo: error: --count: \"10\" is not a number from 1 to 9\nhint: demo greet --help\n");
  CHECK(said({"greet", "a", "--wait", "5"}).find("is not a duration such as") != std::string::npos);
  CHECK(said({"greet", "a", "--tone", "cold"}) ==
        "demo: error: --tone: \"cold\" is not one of plain, warm\nhint: demo greet --help\n");
  CHECK(said({"box", "ls", "x"}) == "demo: error: unexpected argument \"x\"\nhint: demo box ls --help\n");
  CHECK(said({"box", "ls", "-o", "xml"}).find("is not one of table, json, yaml, name") != std::string::npos);
  CHECK(said({}).starts_with("Usage: demo COMMAND"));
}

TEST_CASE("help comes before what else is wrong with the line") {
  const Ran tool = run({"--help"});
  CHECK(tool.code == 0);
  CHECK(tool.out.find("greet") != std::string::npos);
  CHECK(tool.out.find("Lists boxes.") != std::string::npos);
  const Ran greet = run({"greet", "-h"});
  CHECK(greet.code == 0);
  CHECK(greet.out.starts_with("Usage: demo greet NAME [WORD…] [OPTION…]\n\nGreets someone.\n"));
  CHECK(greet.out.find("  -l, --loud") != std::string::npos);
  CHECK(greet.out.find("Example:\n  demo greet alice\n") != std::string::npos);
  CHECK(run({"--version"}).out == "demo " P2P_VERSION "\n");
}

TEST_CASE("the unforeseen ends at the tool's edge") {
  const Ran ran = run({"greet", "throw"});
  CHECK(ran.code == 1);
  CHECK(ran.err == "demo: error: unforeseen\n");
}

TEST_CASE("output that cannot be written is an error") {
  std::istringstream in;
  std::ostringstream out, err;
  out.setstate(std::ios::badbit);
  CHECK(run_tool(kTool, {"box", "ls"}, {in, out, err}) == 1);
  CHECK(err.str() == "demo: error: cannot write to standard output\n");
}

TEST_CASE("what loses something asks first, and only yes is yes") {
  struct Clear final : Command {
    Attempt<void> run(Session& session) override {
      if (auto agreed = session.confirm("Clear all?"); !agreed) return agreed;
      session.out.stream() << "cleared\n";
      return {};
    }
  };
  const CommandEntry commands[] = {{"clear", "Clears.", "demo clear", make_command<Clear>}};
  std::string asked;
  const auto ran = [&](Ask ask) {
    std::istringstream in;
    std::ostringstream out, err;
    const int code = run_tool({"demo", "Clears.", commands}, {"clear"}, {in, out, err, {}, false, std::move(ask)});
    return Ran{code, out.str(), err.str()};
  };
  const auto answering = [&](bool yes) {
    return [&asked, yes](const std::string& question) -> p2p::Result<bool> {
      asked = question;
      return yes;
    };
  };
  CHECK(ran(answering(true)).out == "cleared\n");
  CHECK(asked == "Clear all?");
  const Ran no = ran(answering(false));
  CHECK(no.code == 1);
  CHECK(no.out.empty());
  CHECK(no.err == "demo: error: not confirmed; nothing was changed\n");
  const Ran nobody = ran({});
  CHECK(nobody.code == 2);
  CHECK(nobody.out.empty());
  CHECK(nobody.err == "demo: error: there is no terminal to ask on\nhint: --yes answers the question\n");
}

TEST_CASE("the tool describes itself for the tests of manuals and completions") {
  const auto tool = p2p::parse_json(run({"--dump-commands"}).out);
  REQUIRE(tool.has_value());
  CHECK(tool->at("tool") == "demo");
  CHECK(tool->at("commands").size() == 3);
  const auto& greet = tool->at("commands").at(0);
  CHECK(greet.at("path") == "greet");
  CHECK(greet.at("arguments").at(0).at("required") == true);
  CHECK(greet.at("arguments").at(1).at("repeats") == true);
  CHECK(greet.at("options").at(0).at("names") == p2p::Json::array({"-l", "--loud"}));
}
