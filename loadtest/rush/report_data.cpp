// The figures as JSON, and the page that holds them.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <map>

#include "rush/assets.hpp"
#include "rush/instant.hpp"
#include "rush/report.hpp"

namespace zl::rush {
namespace {

namespace json = boost::json;

constexpr double bin_ms = 250;

/// Microseconds are more than anybody can use.
double rounded(double ms) {
  return std::round(ms * 1000) / 1000;
}

json::object to_json(const Latencies& latencies) {
  return {
      {"count", latencies.count},         {"p50", rounded(latencies.p50_ms)},    {"p90", rounded(latencies.p90_ms)},
      {"p99", rounded(latencies.p99_ms)}, {"p99_9", rounded(latencies.p999_ms)}, {"max", rounded(latencies.max_ms)}};
}

json::object to_json(const std::map<std::string, Latencies>& by_code) {
  json::object object;
  for (const auto& [code, latencies] : by_code) {
    object[code] = to_json(latencies);
  }
  return object;
}

/// How many presses were meant for each quarter of a second, by outcome.
json::object presses_by_time(const std::vector<Press>& presses) {
  std::size_t bins = 0;
  for (const Press& press : presses) {
    bins = std::max(bins, static_cast<std::size_t>(press.intended_ms / bin_ms) + 1);
  }
  std::map<std::string, std::vector<int>> counts;
  for (const Press& press : presses) {
    auto& row = counts[press.code];
    row.resize(bins);
    row[static_cast<std::size_t>(press.intended_ms / bin_ms)] += 1;
  }
  json::object object{{"bin_ms", bin_ms}};
  json::object& rows = object["counts"].emplace_object();
  for (const auto& [code, row] : counts) {
    rows[code] = json::array(row.begin(), row.end());
  }
  return object;
}

json::array seats_gone(const Statistics& statistics) {
  json::array steps;
  for (const SeatsAt& step : statistics.seats_gone) {
    steps.push_back({{"at_ms", rounded(step.at_ms)}, {"gone", step.gone}});
  }
  return steps;
}

json::array activities(const Findings& findings) {
  json::array rows;
  const Programme& programme = findings.evidence.programme;
  for (std::size_t index = 0; index < programme.activities.size(); ++index) {
    int sold = 0;
    std::optional<Instant> last;
    for (const RosterEntry& entry : findings.evidence.after) {
      if (entry.activity == index && entry.active) {
        sold += 1;
        last = std::max(last, entry.decided_at);
      }
    }
    const Activity& activity = programme.activities[index];
    json::object row{{"id", activity.id}, {"title", activity.title}, {"capacity", activity.capacity}, {"sold", sold}};
    row["last_seat_ms"] = last ? json::value(*last - programme.release) : json::value(nullptr);
    rows.push_back(std::move(row));
  }
  return rows;
}

json::array checks(const Audit& audit) {
  json::array rows;
  for (const Check& check : audit.checks) {
    rows.push_back({{"name", check.name},
                    {"counted", check.counted},
                    {"faults", json::array(check.faults.begin(), check.faults.end())}});
  }
  return rows;
}

void replace(std::string& page, std::string_view mark, std::string_view text) {
  page.replace(page.find(mark), mark.size(), text);
}

}  // namespace

json::object report_json(const Findings& findings) {
  const Statistics& statistics = findings.statistics;
  const Programme& programme = findings.evidence.programme;
  json::object object{{"passed", findings.audit.passed()},
                      {"url", findings.url},
                      {"programme_id", programme.id},
                      {"programme", programme.title},
                      {"released_at", format_instant(programme.release)},
                      {"parents", findings.parents},
                      {"children", findings.children},
                      {"window_s", findings.window_s},
                      {"seed", findings.seed},
                      {"clock_error_ms", rounded(findings.clock_error_ms)},
                      {"presses", statistics.presses},
                      {"sends", statistics.sends},
                      {"granted", statistics.granted},
                      {"cancelled", statistics.cancelled},
                      {"seats_sold", findings.audit.sold},
                      {"seats", findings.audit.capacity}};
  object["last_seat_ms"] =
      statistics.last_seat_ms ? json::value(rounded(*statistics.last_seat_ms)) : json::value(nullptr);
  object["latency_ms"] = {{"by_outcome", to_json(statistics.by_code)},
                          {"list", to_json(statistics.looks)},
                          {"all", to_json(statistics.all)},
                          {"intended_to_sent", to_json(statistics.lag)}};
  object["activities"] = activities(findings);
  object["seats_gone"] = seats_gone(statistics);
  object["presses_by_time"] = presses_by_time(findings.evidence.presses);
  object["audit"] = checks(findings.audit);
  return object;
}

std::string report_html(const Findings& findings) {
  std::string data = json::serialize(report_json(findings));
  // A title could end the script element that holds the data; "<" has another spelling in JSON.
  for (auto at = data.find('<'); at != std::string::npos; at = data.find('<', at)) {
    data.replace(at, 1, "\\u003c");
  }
  std::string page(report_page());
  replace(page, "/*CHART_LIBRARY*/", chart_library());
  replace(page, "/*DATA*/", data);
  return page;
}

}  // namespace zl::rush
