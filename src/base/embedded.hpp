// A text file that was built into the program (Redis functions, migrations, the HTTP contract).
#pragma once

#include <string_view>

namespace zl::base {

struct EmbeddedFile {
  std::string_view name;  // without its folder: "0001_stations.sql"
  std::string_view text;  // UTF-8, exactly as in the source tree
};

}  // namespace zl::base
