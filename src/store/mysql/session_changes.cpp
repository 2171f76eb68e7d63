#include "store/mysql/session_changes.hpp"

#include <algorithm>

namespace zl::mysql {
namespace {

const domain::Session* find(const std::vector<domain::Session>& sessions, const base::SessionId& id) {
  const auto found = std::find_if(sessions.begin(), sessions.end(), [&](const auto& s) { return s.id == id; });
  return found == sessions.end() ? nullptr : &*found;
}

}  // namespace

SessionChanges session_changes(const std::vector<domain::Session>& before, const std::vector<domain::Session>& after) {
  SessionChanges changes;
  for (const domain::Session& session : after) {
    const domain::Session* old = find(before, session.id);
    if (old == nullptr) {
      changes.added.push_back(session);
    } else if (old->time != session.time || old->venue != session.venue) {
      changes.changed.push_back(session);
      changes.meetings_change |= old->time != session.time;
    }
  }
  for (const domain::Session& session : before) {
    if (find(after, session.id) == nullptr) changes.removed.push_back(session.id);
  }
  changes.meetings_change |= !changes.added.empty() || !changes.removed.empty();
  return changes;
}

}  // namespace zl::mysql
