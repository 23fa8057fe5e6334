// A whole terminal for a command that shows something live: what was there before comes back when it ends.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace p2p::ctl {

class Screen {
 public:
  struct Size {
    std::size_t width = 80, height = 24;
  };

  /// None where there is no terminal to draw on and read keys from. One at a time; signals that end the process restore
  /// the terminal first.
  static std::unique_ptr<Screen> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// As it is now.
  Size size() const;
  /// Replaces what is shown; `text` fits.
  void draw(const std::string& text);
  /// A key that is pressed within `time`, else '\0'. Ends early when the size changes.
  char wait_for_key(std::chrono::milliseconds time);

 private:
  Screen() = default;
};

}  // namespace p2p::ctl
