// How the sessions of an activity change, as a plain decision.
#pragma once

#include <vector>

#include "domain/catalogue.hpp"

namespace zl::mysql {

struct SessionChanges {
  std::vector<domain::Session> added;
  std::vector<domain::Session> changed;
  std::vector<base::SessionId> removed;
  bool meetings_change = false;  ///< not only where they meet
};

/// By id.
SessionChanges session_changes(const std::vector<domain::Session>& before, const std::vector<domain::Session>& after);

}  // namespace zl::mysql
