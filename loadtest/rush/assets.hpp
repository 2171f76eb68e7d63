// Files that are compiled into the program (CMakeLists.txt generates the definitions).
#pragma once

#include <string_view>

namespace zl::rush {

std::string_view chart_library();    ///< Chart.js, minified
std::string_view report_page();      ///< report_page.html
std::string_view demo_stations();    ///< config/demo/stations.json
std::string_view demo_activities();  ///< config/demo/programme.json

}  // namespace zl::rush
