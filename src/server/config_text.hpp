// The configuration as text for people: the template file, and what is set and by whom.
#pragma once

#include <string>

#include "server/config.hpp"

namespace zl::server {

/// A TOML file with every setting at its default and explained; config/zhonglou.toml is this text.
std::string config_template();

/// One line per setting: key, value and source. Secrets show only whether they are there.
std::string describe(const Values& values);

/// One line per fault.
std::string describe(const std::vector<Fault>& faults);

}  // namespace zl::server
