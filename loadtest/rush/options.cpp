// CLI11 checks names and bounds and writes the help.
#include "rush/options.hpp"

#include <CLI/CLI.hpp>

namespace zl::rush {

Parsed parse_options(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Rushes a Zhonglou server: parents wait for the release, press within a window, and the rosters are "
      "audited afterwards. Exits with 0 for PASS, 1 for FAIL, 2 when the rush could not be run.");
  app.option_defaults()->always_capture_default();
  app.add_option("--url", options.url, "the server");
  app.add_option("--parents", options.parents, "how many press")->check(CLI::Range(1, 100'000));
  app.add_option("--window", options.window_s, "seconds after the release in which first presses fall")
      ->check(CLI::Range(0.0, 86'400.0));
  app.add_option("--two-children", options.two_children, "share of parents with two children")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--cancel", options.cancel, "share of parents who give their first seat back after a second")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--retry", options.retry,
               "repeat what was not answered, and what has Retry-After, with the same Idempotency-Key");
  app.add_option("--timeout", options.timeout_s, "seconds to wait for one answer")->check(CLI::Range(0.01, 600.0));
  app.add_option("--patience", options.patience_s, "seconds after the intended moment until --retry gives up")
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--programme", options.programme, "id of an existing programme, instead of a fresh copy of the demo");
  app.add_option("--opens-in", options.opens_in_s, "seconds until the fresh copy opens")
      ->check(CLI::Range(0.0, 86'400.0));
  app.add_option("--connections", options.connections, "open connections; 0 is one per parent")
      ->check(CLI::Range(0, 100'000));
  app.add_option("--threads", options.threads, "event loops")->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "draws the same children, wishes and moments again");
  app.add_option("--admin-username", options.admin_username, "creates the copy and reads the rosters");
  app.add_option("--admin-password-file", options.admin_password_file, "file with that account's password")->required();
  app.add_option("--report", options.report, "write a self-contained page with charts");
  app.add_option("--json", options.json, "write the figures");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = app.exit(error) == 0;
    return {.options = std::nullopt, .exit_status = asked_for_help ? 0 : 2};
  }
  return {.options = options, .exit_status = 0};
}

}  // namespace zl::rush
