// The terminal's report. Chinese titles stand last in their lines, where their width can't spoil a column.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "rush/report.hpp"

namespace zl::rush {
namespace {

constexpr std::size_t faults_shown = 5;

using Text = std::back_insert_iterator<std::string>;

void write_latencies(Text out, std::string_view name, const Latencies& latencies) {
  fmt::format_to(out, "  {:<24} {:>7} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}\n", name, latencies.count,
                 latencies.p50_ms, latencies.p90_ms, latencies.p99_ms, latencies.p999_ms, latencies.max_ms);
}

void write_table(Text out, const Statistics& statistics) {
  fmt::format_to(out, "\nmilliseconds from the intended moment\n  {:<24} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
                 "outcome", "count", "p50", "p90", "p99", "p99.9", "max");
  for (const auto& [code, latencies] : statistics.by_code) {
    write_latencies(out, code, latencies);
  }
  write_latencies(out, "all presses", statistics.all);
  for (const auto& [code, latencies] : statistics.looks) {
    write_latencies(out, fmt::format("list: {}", code), latencies);
  }
  write_latencies(out, "intended to sent", statistics.lag);
}

void write_seats(Text out, const Findings& findings) {
  constexpr std::array<double, 15> moments_s{0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 12, 20, 30, 60};
  const auto& steps = findings.statistics.seats_gone;
  const double last_s = findings.statistics.last_seat_ms.value_or(0) / 1000;
  fmt::format_to(out, "\nseats gone by time\n");
  for (const double moment_s : moments_s) {
    const auto gone = seats_gone_by(steps, moment_s * 1000);
    const auto bar = std::string(findings.audit.capacity == 0 ? 0 : gone * 50 / findings.audit.capacity, '#');
    fmt::format_to(out, "  {:>6.2f} s {:>6}  {}\n", moment_s, gone, bar);
    if (moment_s >= last_s) {
      break;
    }
  }
}

void write_activities(Text out, const Findings& findings) {
  fmt::format_to(out, "\nsold   of  activity\n");
  const auto& activities = findings.evidence.programme.activities;
  for (std::size_t index = 0; index < activities.size(); ++index) {
    const auto& roster = findings.evidence.after;
    const auto sold = std::count_if(roster.begin(), roster.end(), [index](const RosterEntry& entry) {
      return entry.activity == index && entry.active;
    });
    fmt::format_to(out, "{:>4} {:>4}  {}\n", sold, activities[index].capacity, activities[index].title);
  }
}

void write_audit(Text out, const Audit& audit) {
  fmt::format_to(out, "\naudit\n");
  for (const Check& check : audit.checks) {
    fmt::format_to(out, "  {} {} ({})\n", check.faults.empty() ? "ok  " : "FAIL", check.name, check.counted);
    for (std::size_t index = 0; index < std::min(check.faults.size(), faults_shown); ++index) {
      fmt::format_to(out, "         {}\n", check.faults[index]);
    }
    if (check.faults.size() > faults_shown) {
      fmt::format_to(out, "         and {} more\n", check.faults.size() - faults_shown);
    }
  }
}

void write_verdict(Text out, const Findings& findings) {
  const Audit& audit = findings.audit;
  fmt::format_to(out, "\n{} of {} seats sold", audit.sold, audit.capacity);
  if (findings.statistics.last_seat_ms) {
    fmt::format_to(out, ", last seat after {:.1f} s", *findings.statistics.last_seat_ms / 1000);
  }
  if (audit.passed()) {
    fmt::format_to(out, "\nPASS\n");
    return;
  }
  std::string reasons;
  for (const Check& check : audit.checks) {
    if (!check.faults.empty()) {
      reasons += fmt::format("{}{} ({})", reasons.empty() ? "" : "; ", check.name, check.faults.size());
    }
  }
  fmt::format_to(out, "\nFAIL: {}\n", reasons);
}

}  // namespace

std::string report_text(const Findings& findings) {
  std::string text;
  const Text out(text);
  const Statistics& statistics = findings.statistics;
  fmt::format_to(out, "\n{} presses in {} sendings, {} granted, {} cancelled; clock read to {:.2f} ms\n",
                 statistics.presses, statistics.sends, statistics.granted, statistics.cancelled,
                 findings.clock_error_ms);
  write_table(out, statistics);
  write_seats(out, findings);
  write_activities(out, findings);
  write_audit(out, findings.audit);
  write_verdict(out, findings);
  return text;
}

}  // namespace zl::rush
