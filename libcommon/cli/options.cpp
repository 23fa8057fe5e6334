#include "cli/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace p2p::cli {
namespace {

Result<std::uint64_t> read_number(const Option& option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < option.min || value > option.max) {
    return Error(Errc::invalid, fmt::format("{}: \"{}\" is not a number from {} to {}", option.long_name(),
                                            text.substr(0, 32), option.min, option.max));
  }
  return value;
}

/// The choice as it was declared, whatever the case it was given in.
Result<std::string> read_choice(const Option& option, const std::string& text) {
  const std::string wanted = lower_ascii(text.substr(0, 32));
  std::vector<std::string> known;
  for (const std::string& choice : option.choices) {
    known.push_back(lower_ascii(choice));
    if (known.back() == wanted) return choice;
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto near = nearest(wanted, views);
  const auto original = [&] {
    const auto at = std::find(known.begin(), known.end(), *near) - known.begin();
    return option.choices[static_cast<std::size_t>(at)];
  };
  return Error(Errc::invalid,
               fmt::format("{}: \"{}\" is not one of {}{}", option.long_name(), text.substr(0, 32),
                           join(option.choices, ", "), near ? "; did you mean \"" + original() + "\"?" : ""));
}

/// One value of each kind but flags and lists.
struct Assign {
  const Option& option;
  const std::string& text;

  Result<void> operator()(bool* to) const {
    *to = text != "false";
    return {};
  }
  Result<void> operator()(std::string* to) const {
    *to = text;
    return {};
  }
  Result<void> operator()(std::optional<std::string>* to) const {
    *to = text;
    return {};
  }
  Result<void> operator()(std::vector<std::string>* to) const {
    to->push_back(text);
    return {};
  }
  Result<void> operator()(std::chrono::milliseconds* to) const {
    const auto duration = parse_duration(text);
    if (!duration) return Error(Errc::invalid, fmt::format("{}: {}", option.long_name(), duration.error().context));
    if (*duration < std::chrono::milliseconds(option.min)) {
      const auto least = std::chrono::milliseconds(option.min);
      const std::string wanted = least.count() == 1 ? "more than nothing" : format_duration(least) + " or more";
      return Error(Errc::invalid, fmt::format("{} must be {}", option.long_name(), wanted));
    }
    *to = *duration;
    return {};
  }
  Result<void> operator()(std::uint64_t* to) const {
    const auto number = read_number(option, text);
    if (!number) return number.error();
    *to = *number;
    return {};
  }
};

}  // namespace

std::string_view Option::long_name() const {
  const std::size_t comma = names.rfind(',');
  return std::string_view(names).substr(comma == std::string::npos ? 0 : comma + 1);
}

Option& Options::add(std::string names, std::string placeholder, std::string description, Destination to) {
  Option& option = options_.emplace_back();
  option.names = std::move(names);
  option.placeholder = std::move(placeholder);
  option.description = std::move(description);
  option.destination = to;
  return option;
}

Options& Options::flag(std::string names, bool& to, std::string description) {
  add(std::move(names), {}, std::move(description), &to);
  return *this;
}

Options& Options::text(std::string names, std::string placeholder, std::string& to, std::string description) {
  add(std::move(names), std::move(placeholder), std::move(description), &to);
  return *this;
}

Options& Options::text(std::string names, std::string placeholder, std::optional<std::string>& to,
                       std::string description) {
  add(std::move(names), std::move(placeholder), std::move(description), &to);
  return *this;
}

Options& Options::texts(std::string names, std::string placeholder, std::vector<std::string>& to,
                        std::string description) {
  add(std::move(names), std::move(placeholder), std::move(description), &to).repeats = true;
  return *this;
}

Options& Options::choice(std::string names, std::string placeholder, std::string& to, std::vector<std::string> choices,
                         std::string description) {
  add(std::move(names), std::move(placeholder), std::move(description), &to).choices = std::move(choices);
  return *this;
}

Options& Options::duration(std::string names, std::string placeholder, std::chrono::milliseconds& to,
                           std::string description, std::chrono::milliseconds min) {
  add(std::move(names), std::move(placeholder), std::move(description), &to).min =
      static_cast<std::uint64_t>(min.count());
  return *this;
}

Options& Options::number(std::string names, std::string placeholder, std::uint64_t& to, std::uint64_t min,
                         std::uint64_t max, std::string description) {
  Option& option = add(std::move(names), std::move(placeholder), std::move(description), &to);
  option.min = min;
  option.max = max;
  return *this;
}

Options& Options::argument(std::string name, std::string& to, std::string description) {
  add(std::move(name), {}, std::move(description), &to).min_count = 1;
  return *this;
}

Options& Options::optional_argument(std::string name, std::string& to, std::string description) {
  add(std::move(name), {}, std::move(description), &to);
  return *this;
}

Options& Options::choice_argument(std::string name, std::string& to, std::vector<std::string> choices,
                                  std::string description) {
  Option& option = add(std::move(name), {}, std::move(description), &to);
  option.min_count = 1;
  option.choices = std::move(choices);
  return *this;
}

Options& Options::arguments(std::string name, std::vector<std::string>& to, std::size_t min_count,
                            std::string description) {
  Option& option = add(std::move(name), {}, std::move(description), &to);
  option.min_count = min_count;
  option.repeats = true;
  return *this;
}

Result<void> assign(const Option& option, const std::vector<std::string>& given) {
  const std::size_t from = option.repeats ? 0 : given.size() - 1;  // of a single value the last one counts
  for (std::size_t i = from; i < given.size(); ++i) {
    const auto text = option.choices.empty() ? Result<std::string>(given[i]) : read_choice(option, given[i]);
    if (!text) return text.error();
    if (auto done = std::visit(Assign{option, *text}, option.destination); !done) return done.error();
  }
  return {};
}

}  // namespace p2p::cli
