// zhonglou-sim: runs seeds, prints what they covered, and ends with 1 at the first seed that breaks a promise; with
// --bug, the first that finds the planted bug.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "sim/world.hpp"

namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t count = 100'000;
  zl::sim::Bug bug = zl::sim::Bug::none;
  bool trace = false;
};

bool read_number(std::string_view text, auto& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_bug(std::string_view text, zl::sim::Bug& into) {
  const auto found = std::ranges::find(zl::sim::all_bugs, text, &zl::sim::name);
  if (found == zl::sim::all_bugs.end()) return false;
  into = *found;
  return true;
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::string_view value = argv[++i];
    const bool read = name == "--seeds"  ? read_number(value, options.count)
                      : name == "--seed" ? read_number(value, options.first)
                      : name == "--bug"  ? read_bug(value, options.bug)
                                         : false;
    if (!read) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    fmt::print(stderr, "usage: zhonglou-sim [--seeds N] [--seed FIRST] [--bug NAME] [--trace]\n");
    return 2;
  }
  const auto start = std::chrono::system_clock::now();
  zl::sim::Coverage seen;
  std::int64_t longest_ms = 0;
  std::uint64_t slowest = options.first;
  for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed) {
    const zl::sim::Report report = zl::sim::run(seed, options.bug, options.trace);
    if (options.trace) fmt::print("{}", report.trace);
    seen.add(report.seen);
    if (report.settled_ms > longest_ms) {
      longest_ms = report.settled_ms;
      slowest = seed;
    }
    if (report.violation.empty()) continue;
    fmt::print("seed {}: {}\nreplay it with --seed {} --seeds 1 --trace\n", seed, report.violation, seed);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::system_clock::now() - start;
  fmt::print("{}{} seeds in {:.1f} s, all promises held; settled within {} ms (seed {})\n", seen.text(), options.count,
             took.count(), longest_ms, slowest);
  return 0;
}
