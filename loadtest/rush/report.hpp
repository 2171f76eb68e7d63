// What a rush leaves for people and programs: the text on the terminal, the figures as JSON, a page with charts.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "rush/audit.hpp"
#include "rush/statistics.hpp"

namespace zl::rush {

/// Everything that a report tells.
struct Findings {
  std::string url;
  std::size_t parents = 0;
  std::size_t children = 0;
  double window_s = 0;
  std::uint64_t seed = 0;
  double clock_error_ms = 0;
  Evidence evidence;
  Statistics statistics;
  Audit audit;
};

/// Tables, checks and, last, "300 of 300 seats sold, last seat after 0.8 s" and PASS or FAIL with the reasons.
std::string report_text(const Findings& findings);

boost::json::object report_json(const Findings& findings);

/// One HTML page that needs nothing else: the JSON, Chart.js and the script that draws are in it.
std::string report_html(const Findings& findings);

}  // namespace zl::rush
