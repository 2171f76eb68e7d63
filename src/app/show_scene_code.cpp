#include "app/show_scene_code.hpp"

#include <algorithm>

#include "app/scenes.hpp"

namespace zl::app {

using base::Outcome;

asio::awaitable<Outcome<SceneCode>> ShowSceneCode::of_station(base::StationId id, Claims who) {
  if (catalogue_.current().station(id) == nullptr) co_return base::Code::not_found;
  if (!reaches(who, catalogue_.current(), id)) co_return base::Code::forbidden;
  co_return co_await codes_.code_of(scene_name(id), std::nullopt);
}

asio::awaitable<Outcome<SceneCode>> ShowSceneCode::of_session(base::SessionId id, Claims who) {
  const Catalogue& catalogue = catalogue_.current();
  const ActivityEntry* entry = catalogue.activity_of(id);
  if (entry == nullptr) co_return base::Code::not_found;
  const domain::Activity& activity = entry->activity;
  if (!reaches(who, catalogue, activity.id)) co_return base::Code::forbidden;
  if (activity.publication == domain::Publication::cancelled) {
    co_return base::Refused{base::Code::invalid_state, "the activity is cancelled", {}, 0};
  }
  const auto session = std::ranges::find(activity.sessions, id, &domain::Session::id);
  const base::Milliseconds lifetime = session->time.ends_at + after_end - clock_.wall_now();
  if (lifetime <= after_end) co_return base::Refused{base::Code::invalid_state, "the session is over", {}, 0};
  co_return co_await codes_.code_of(scene_name(id), lifetime);
}

}  // namespace zl::app
