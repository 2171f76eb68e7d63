#include "app/catalogue.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace zl::app {
namespace {

/// Every activity's policy within one programme: the programme's rules, and whom it overlaps among the published ones.
std::shared_ptr<const ActivityPolicy> make_policy(const domain::Programme& programme, const domain::Activity& activity,
                                                  const std::vector<const domain::Activity*>& all) {
  domain::OverlapSet overlapping;
  if (programme.rules.forbid_overlap) overlapping = domain::overlapping_activities(activity, all);
  return std::make_shared<const ActivityPolicy>(ActivityPolicy{programme.rules, std::move(overlapping)});
}

void sort_activities(Catalogue::Activities& activities) {
  std::ranges::sort(activities, {},
                    [](const auto& entry) { return std::pair(entry->activity.first_start(), entry->activity.id); });
}

/// Rises with every change of a programme: versions only rise, and activities are only ever added.
std::uint64_t age_of(const ProgrammeContent& content) {
  std::uint64_t age = content.programme.version;
  for (const domain::Activity& activity : content.activities) age += activity.version;
  return age;
}

std::uint64_t age_of(const ProgrammeEntry& entry) {
  std::uint64_t age = entry.programme->version;
  for (const auto& activity : entry.activities) age += activity->activity.version;
  return age;
}

std::uint64_t next_holder_number() {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1) + 1;
}

}  // namespace

std::vector<base::ActivityId> ProgrammeEntry::published() const {
  std::vector<base::ActivityId> ids;
  for (const auto& entry : activities) {
    if (entry->activity.publication == domain::Publication::published) ids.push_back(entry->activity.id);
  }
  return ids;
}

Catalogue::Catalogue(CatalogueContent content) {
  std::map<base::ProgrammeId, ProgrammeContent> programmes;
  for (domain::Programme& programme : content.programmes) {
    const base::ProgrammeId id = programme.id;
    programmes[id].programme = std::move(programme);
  }
  for (domain::Activity& activity : content.activities) {
    const auto programme = programmes.find(activity.programme_id);
    if (programme != programmes.end()) programme->second.activities.push_back(std::move(activity));
  }
  put_stations(std::move(content.stations));
  for (auto& [id, programme] : programmes) put_programme(std::move(programme));
  sort();
}

Catalogue Catalogue::with_programme(ProgrammeContent content) const {
  const ProgrammeEntry* known = programme(content.programme.id);
  if (known != nullptr && age_of(content) < age_of(*known)) return *this;
  Catalogue next = *this;
  next.put_programme(std::move(content));
  next.sort();
  return next;
}

Catalogue Catalogue::with_stations(std::vector<domain::Station> stations) const {
  std::uint64_t read = 0;
  std::uint64_t known = 0;
  for (const domain::Station& station : stations) read += station.version;
  for (const auto& station : stations_) known += station->version;
  if (read < known) return *this;
  Catalogue next = *this;
  next.put_stations(std::move(stations));
  next.relink_stations();
  next.sort();
  return next;
}

void Catalogue::put_programme(ProgrammeContent content) {
  const auto programme = std::make_shared<const domain::Programme>(std::move(content.programme));
  const auto station = station_by_id_.find(programme->station_id);
  std::vector<const domain::Activity*> published;
  for (const domain::Activity& activity : content.activities) {
    if (activity.publication == domain::Publication::published) published.push_back(&activity);
  }

  auto entry = std::make_shared<ProgrammeEntry>();
  entry->programme = programme;
  for (const domain::Activity& activity : content.activities) {
    auto made = std::make_shared<ActivityEntry>();
    made->activity = activity;
    made->programme = programme;
    made->station = station == station_by_id_.end() ? nullptr : station->second;
    made->policy = make_policy(*programme, activity, published);
    const auto known = activity_by_id_.find(activity.id);
    made->seats = known == activity_by_id_.end() ? std::make_shared<SeatState>() : known->second->seats;
    for (const domain::Session& session : activity.sessions) activity_of_session_[session.id] = activity.id;
    activity_by_id_[activity.id] = made;
    entry->activities.push_back(std::move(made));
  }
  sort_activities(entry->activities);
  programme_by_id_[programme->id] = std::move(entry);
}

void Catalogue::put_stations(std::vector<domain::Station> stations) {
  station_by_id_.clear();
  for (domain::Station& station : stations) {
    const base::StationId id = station.id;
    station_by_id_[id] = std::make_shared<const domain::Station>(std::move(station));
  }
}

void Catalogue::relink_stations() {
  for (auto& [id, programme] : programme_by_id_) {
    auto linked = std::make_shared<ProgrammeEntry>(*programme);
    for (auto& entry : linked->activities) {
      auto copy = std::make_shared<ActivityEntry>(*entry);
      copy->station = station_by_id_[programme->programme->station_id];
      entry = copy;
      activity_by_id_[copy->activity.id] = std::move(copy);
    }
    programme = std::move(linked);
  }
}

void Catalogue::sort() {
  activities_.clear();
  programmes_.clear();
  stations_.clear();
  for (const auto& [id, entry] : activity_by_id_) activities_.push_back(entry);
  for (const auto& [id, entry] : programme_by_id_) programmes_.push_back(entry);
  for (const auto& [id, entry] : station_by_id_) stations_.push_back(entry);
  sort_activities(activities_);
  std::ranges::sort(programmes_, {}, [](const auto& e) { return std::pair(e->programme->opens_at, e->programme->id); });
  std::ranges::sort(stations_, {}, [](const auto& s) { return std::tie(s->name, s->id); });
}

const ActivityEntry* Catalogue::activity(const base::ActivityId& id) const {
  const auto found = activity_by_id_.find(id);
  return found == activity_by_id_.end() ? nullptr : found->second.get();
}

const ProgrammeEntry* Catalogue::programme(const base::ProgrammeId& id) const {
  const auto found = programme_by_id_.find(id);
  return found == programme_by_id_.end() ? nullptr : found->second.get();
}

const domain::Station* Catalogue::station(const base::StationId& id) const {
  const auto found = station_by_id_.find(id);
  return found == station_by_id_.end() ? nullptr : found->second.get();
}

const ActivityEntry* Catalogue::activity_of(const base::SessionId& id) const {
  const auto found = activity_of_session_.find(id);
  if (found == activity_of_session_.end()) return nullptr;
  const ActivityEntry* entry = activity(found->second);
  const bool still_there =
      entry != nullptr &&
      std::ranges::any_of(entry->activity.sessions, [&id](const auto& session) { return session.id == id; });
  return still_there ? entry : nullptr;
}

bool Catalogue::within(const base::StationId& station_id, const base::StationId& scope) const {
  if (station_id == scope) return true;
  const domain::Station* found = station(station_id);
  return found != nullptr && found->parent_id == scope;
}

CatalogueHolder::CatalogueHolder() : number_(next_holder_number()), snapshot_(std::make_shared<const Catalogue>()) {}

void CatalogueHolder::update(const std::function<Catalogue(const Catalogue&)>& change) {
  const std::lock_guard turn(writer_);
  auto next = std::make_shared<const Catalogue>(change(*share()));
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(next);
  generation_.fetch_add(1, std::memory_order_release);
}

const std::shared_ptr<const Catalogue>& CatalogueHolder::refreshed() const {
  struct Cached {
    std::uint64_t holder = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<const Catalogue> snapshot;
  };
  thread_local Cached cached;
  if (cached.holder != number_ || cached.generation != generation_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex_);
    cached = {number_, generation_.load(std::memory_order_relaxed), snapshot_};
  }
  return cached.snapshot;
}

}  // namespace zl::app
