#include "app/manage_catalogue.hpp"

#include <algorithm>
#include <utility>

#include "app/refusals.hpp"
#include "base/crash_point.hpp"
#include "base/limits.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

base::Refused out_of_scope() {
  return {base::Code::forbidden, "this is another station's", {}, 0};
}

base::Refused unknown_reference(std::string pointer) {
  return {base::Code::invalid_request,
          "an id is unknown",
          {{std::move(pointer), "there is no such thing", "a known id"}},
          0};
}

/// Whether the ledger fences the gate's grants for this change, sessions aside: the gate has to be built anew then.
bool fences(const domain::Activity& before, const domain::Activity& after) {
  return after.age_min != before.age_min || after.age_max != before.age_max || after.capacity < before.capacity;
}

void sort_sessions(domain::Activity& activity) {
  std::ranges::sort(activity.sessions, {}, [](const domain::Session& session) { return session.time.starts_at; });
}

}  // namespace

ManageCatalogue::Answer<Created<domain::Station>> ManageCatalogue::create_station(domain::Station station, Claims who,
                                                                                  Actor actor,
                                                                                  std::optional<CreationMark> mark) {
  if (who.role != domain::Role::town_admin) co_return out_of_scope();
  station.id = parts_.random.next_id<base::StationId>();
  domain::Faults faults = domain::check_station(station);
  if (!faults.empty()) co_return invalid(std::move(faults));
  if (station.parent_id) {
    const domain::Station* parent = parts_.catalogue.current().station(*station.parent_id);
    if (parent == nullptr || parent->parent_id) co_return unknown_reference("/parent_id");
  }
  base::Outcome<Created<domain::Station>> created = co_await parts_.store.create_station(station, actor, mark);
  if (created) {
    co_await parts_.changes.refresh_stations();
    parts_.gate.announce_change();
  }
  co_return created;
}

ManageCatalogue::Answer<domain::Station> ManageCatalogue::update_station(domain::Station station,
                                                                         std::uint64_t expected_version, Claims who,
                                                                         Actor actor) {
  if (!reaches(who, parts_.catalogue.current(), station.id)) co_return out_of_scope();
  domain::Faults faults = domain::check_station(station);
  if (!faults.empty()) co_return invalid(std::move(faults));
  base::Outcome<domain::Station> updated = co_await parts_.store.update_station(station, expected_version, actor);
  if (updated) {
    co_await parts_.changes.refresh_stations();
    parts_.gate.announce_change();
  }
  co_return updated;
}

ManageCatalogue::Answer<Created<domain::Programme>> ManageCatalogue::create_programme(
    domain::Programme programme, Claims who, Actor actor, std::optional<CreationMark> mark) {
  if (parts_.catalogue.current().station(programme.station_id) == nullptr) co_return unknown_reference("/station_id");
  if (!reaches(who, parts_.catalogue.current(), programme.station_id)) co_return out_of_scope();
  programme.id = parts_.random.next_id<base::ProgrammeId>();
  domain::Faults faults = domain::check_programme(programme);
  if (!faults.empty()) co_return invalid(std::move(faults));
  base::Outcome<Created<domain::Programme>> created = co_await parts_.store.create_programme(programme, actor, mark);
  if (created) co_await tell(created->value.id, false);
  co_return created;
}

ManageCatalogue::Answer<domain::Programme> ManageCatalogue::update_programme(domain::Programme programme,
                                                                             std::uint64_t expected_version, Claims who,
                                                                             Actor actor) {
  if (!reaches(who, parts_.catalogue.current(), programme.id)) co_return out_of_scope();
  domain::Faults faults = domain::check_programme(programme);
  if (!faults.empty()) co_return invalid(std::move(faults));
  base::Outcome<domain::Programme> updated = co_await parts_.store.update_programme(programme, expected_version, actor);
  if (updated) co_await tell(programme.id, true);
  co_return updated;
}

ManageCatalogue::Answer<Created<domain::Activity>> ManageCatalogue::create_activity(domain::Activity activity,
                                                                                    Claims who, Actor actor,
                                                                                    std::optional<CreationMark> mark) {
  const ProgrammeEntry* programme = parts_.catalogue.current().programme(activity.programme_id);
  if (programme == nullptr) co_return unknown_reference("/programme_id");
  if (!reaches(who, parts_.catalogue.current(), activity.programme_id)) co_return out_of_scope();
  if (programme->activities.size() >= base::limits::activities_per_programme) {
    co_return base::Refused{base::Code::invalid_state, "the programme has as many activities as it may have", {}, 0};
  }
  domain::Faults faults = domain::check_activity(activity);
  if (!faults.empty()) co_return invalid(std::move(faults));
  activity.id = parts_.random.next_id<base::ActivityId>();
  activity.publication = domain::Publication::draft;
  name_sessions(activity, {});
  sort_sessions(activity);
  base::Outcome<Created<domain::Activity>> created = co_await parts_.store.create_activity(activity, actor, mark);
  if (created) co_await tell(activity.programme_id, false);
  co_return created;
}

ManageCatalogue::Answer<domain::Activity> ManageCatalogue::update_activity(domain::Activity activity,
                                                                           bool sessions_replaced,
                                                                           std::uint64_t expected_version, Claims who,
                                                                           Actor actor) {
  const std::shared_ptr<const Catalogue> catalogue = parts_.catalogue.share();
  const ActivityEntry* known = catalogue->activity(activity.id);
  if (known == nullptr) co_return base::Code::not_found;
  if (!reaches(who, *catalogue, activity.id)) co_return out_of_scope();
  if (known->activity.publication == domain::Publication::cancelled) {
    co_return base::Refused{base::Code::invalid_state, "the activity is cancelled", {}, 0};
  }
  domain::Faults faults = domain::check_activity(activity);
  if (!faults.empty()) co_return invalid(std::move(faults));
  if (sessions_replaced) name_sessions(activity, known->activity.sessions);
  sort_sessions(activity);

  // The ledger first, whichever way the capacity goes. Where it goes down, the ledger fences what the gate granted and
  // will grant by the higher one, so that a gate that is told late, or never, sells nothing: no order of two steps can
  // promise that, since between them a gate may be rebuilt, and whoever began may stop for as long as it likes.
  base::Outcome<domain::Activity> updated = co_await parts_.store.update_activity(activity, expected_version, actor);
  if (!updated) co_return updated;
  const bool as_known = known->activity.version == expected_version;
  const bool published = updated->publication == domain::Publication::published;
  const bool fenced = published && (!as_known || sessions_replaced || fences(known->activity, *updated));
  if (published && !fenced && updated->capacity > known->activity.capacity) {
    (void)co_await parts_.upkeep.set_capacity(updated->programme_id, updated->id, updated->capacity, updated->version);
  }
  co_await tell(updated->programme_id, fenced);
  co_return updated;
}

ManageCatalogue::Answer<domain::Activity> ManageCatalogue::publish(base::ActivityId id, Claims who, Actor actor) {
  const ActivityEntry* known = parts_.catalogue.current().activity(id);
  if (known == nullptr) co_return base::Code::not_found;
  if (!reaches(who, parts_.catalogue.current(), id)) co_return out_of_scope();
  const base::ProgrammeId programme_id = known->activity.programme_id;
  base::Outcome<domain::Activity> published = co_await parts_.store.publish(id, actor);
  ZL_CRASH_POINT("publish.known");
  if (published) co_await tell(programme_id, true);
  co_return published;
}

ManageCatalogue::Answer<domain::Activity> ManageCatalogue::cancel(base::ActivityId id, std::string reason, Claims who,
                                                                  Actor actor) {
  const ActivityEntry* known = parts_.catalogue.current().activity(id);
  if (known == nullptr) co_return base::Code::not_found;
  if (!reaches(who, parts_.catalogue.current(), id)) co_return out_of_scope();
  domain::Faults faults;
  domain::check_text(reason, "/reason", 1, base::limits::reason_length, true, faults);
  if (!faults.empty()) co_return invalid(std::move(faults));
  const base::ProgrammeId programme_id = known->activity.programme_id;
  base::Outcome<domain::Activity> cancelled = co_await parts_.store.cancel(id, reason, actor, parts_.time.now());
  ZL_CRASH_POINT("close.known");
  if (cancelled) co_await tell(programme_id, true);
  co_return cancelled;
}

/// The gate follows first, so that nobody is shown what the gate does not know yet. Where it can't be reached now, the
/// first who asks it finds it lost and has it built.
asio::awaitable<void> ManageCatalogue::tell(base::ProgrammeId programme_id, bool gate_follows) {
  if (gate_follows) {
    const base::Outcome<base::Done> rebuilt = co_await parts_.keeper.rebuild(programme_id);
    const bool nothing_published = rebuilt.is_refused() && rebuilt.refused().code == base::Code::not_found;
    if (!rebuilt && !nothing_published) {
      runtime::log::warning("gate_did_not_follow", {{"programme_id", programme_id.hex()}});
    }
  }
  ZL_CRASH_POINT("publish.followed");
  co_await parts_.changes.refresh_programme(programme_id);
  ZL_CRASH_POINT("publish.told");
  parts_.gate.announce_change();
}

/// A session at the same time as one before is that one, wherever it meets now: it may move while seats are booked.
void ManageCatalogue::name_sessions(domain::Activity& activity, std::vector<domain::Session> before) {
  for (domain::Session& session : activity.sessions) {
    const auto same = std::ranges::find(before, session.time, &domain::Session::time);
    if (same == before.end()) {
      session.id = parts_.random.next_id<base::SessionId>();
    } else {
      session.id = same->id;
      before.erase(same);
    }
  }
}

}  // namespace zl::app
