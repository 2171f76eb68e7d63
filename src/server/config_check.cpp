#include "server/config_check.hpp"

#include "server/config.hpp"
#include "server/config_text.hpp"

namespace zl::server {

int check_config(const Sources& sources, std::ostream& out, std::ostream& err) {
  const auto loaded = load_config(sources, Purpose::serve);
  if (!loaded.faults.empty()) {
    err << describe(loaded.faults);
    return 1;
  }
  out << "configuration ok\n" << describe(loaded.values);
  return 0;
}

}  // namespace zl::server
