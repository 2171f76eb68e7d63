// The command line of zhonglou-rush.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace zl::rush {

struct Options {
  std::string url = "http://127.0.0.1:8080";
  std::size_t parents = 3000;
  double window_s = 30;
  double two_children = 0.2;
  double cancel = 0;
  bool retry = false;
  double timeout_s = 5;
  double patience_s = 60;
  std::string programme;  ///< empty: a fresh copy of the demo programme
  double opens_in_s = 5;
  std::size_t connections = 0;  ///< 0: one per parent
  std::size_t threads = 1;
  std::uint64_t seed = 1;
  std::string admin_username = "admin";
  std::string admin_password_file;
  std::string report;  ///< path of the page; none if empty
  std::string json;    ///< path of the figures; none if empty
};

/// The checked options, or the exit status after help was asked for or something is wrong with them.
struct Parsed {
  std::optional<Options> options;
  int exit_status = 0;
};

Parsed parse_options(int argc, char** argv);

}  // namespace zl::rush
