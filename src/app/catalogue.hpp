// The catalogue in memory: an immutable snapshot of stations, programmes and activities that every request reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/booking_ledger.hpp"
#include "app/catalogue_store.hpp"
#include "app/seat_state.hpp"
#include "base/id.hpp"
#include "base/memo.hpp"
#include "domain/catalogue.hpp"

namespace zl::app {

/// How the edge shows an activity to everybody, but for what changes with its seats and with time: that goes in at the
/// cuts, in the order of the text. About 0.8 KiB with one session and 5 KiB with thirty, so 8 MiB for a town of 10,000
/// classes; it goes with the snapshots that hold its entry.
struct ActivityText {
  std::string text;
  std::array<std::size_t, 3> cuts{};
};

/// Seats of an activity that nobody holds, as far as this process knows.
inline int remaining_of(domain::Publication publication, const SeatState& seats, int by_ledger) {
  const bool at_gate = publication == domain::Publication::published;
  return at_gate ? seats.remaining().value_or(by_ledger) : by_ledger;
}

/// Never changes, but for what its seats know.
struct ActivityEntry {
  domain::Activity activity;
  std::shared_ptr<const domain::Programme> programme;
  std::shared_ptr<const domain::Station> station;
  std::shared_ptr<const ActivityPolicy> policy;
  std::shared_ptr<SeatState> seats;  ///< the same object in every snapshot
  base::Memo<ActivityText> text;     ///< made when it is first shown; goes with the entry

  int remaining() const { return remaining_of(activity.publication, *seats, activity.capacity - activity.seats_taken); }
};

/// The first page of a programme's public activities as the edge shows it, in one piece: in a rush a town reads it, and
/// walking through memory to each activity costs more than copying its text. About 40 KiB of 50 classes.
struct PageText {
  struct Part {
    std::array<std::size_t, 3> cuts{};  ///< as ActivityText's, in the page's text
    SeatState* seats = nullptr;         ///< the entry's
    domain::Timetable times;
    int capacity = 0;
    int left_by_ledger = 0;
  };
  std::string text;
  std::vector<Part> parts;
};

struct ProgrammeEntry {
  std::shared_ptr<const domain::Programme> programme;
  std::vector<std::shared_ptr<const ActivityEntry>> activities;  ///< drafts too; by (first start, id)
  base::Memo<PageText> first_page;                               ///< made when it is first shown

  std::vector<base::ActivityId> published() const;
};

/// One state of the catalogue. Drafts are in it: public readers leave them out.
class Catalogue {
 public:
  Catalogue() = default;
  explicit Catalogue(CatalogueContent content);

  /// A copy in which one programme is as read, or the stations are. Seat knowledge carries over. What was read before
  /// something newer that is here already is left out: versions only ever rise.
  Catalogue with_programme(ProgrammeContent content) const;
  Catalogue with_stations(std::vector<domain::Station> stations) const;

  const ActivityEntry* activity(const base::ActivityId& id) const;
  const ProgrammeEntry* programme(const base::ProgrammeId& id) const;
  const domain::Station* station(const base::StationId& id) const;
  /// The activity of a session, if any.
  const ActivityEntry* activity_of(const base::SessionId& id) const;

  /// Whether `station` is `scope` or one of its points.
  bool within(const base::StationId& station, const base::StationId& scope) const;

  using Activities = std::vector<std::shared_ptr<const ActivityEntry>>;
  using Programmes = std::vector<std::shared_ptr<const ProgrammeEntry>>;
  using Stations = std::vector<std::shared_ptr<const domain::Station>>;
  const Activities& activities() const { return activities_; }  ///< by (first start, id)
  const Programmes& programmes() const { return programmes_; }  ///< by (opens_at, id)
  const Stations& stations() const { return stations_; }        ///< by (name, id)

 private:
  void put_programme(ProgrammeContent content);
  void put_stations(std::vector<domain::Station> stations);
  void relink_stations();
  void sort();

  std::unordered_map<base::ActivityId, std::shared_ptr<const ActivityEntry>> activity_by_id_;
  std::unordered_map<base::ProgrammeId, std::shared_ptr<const ProgrammeEntry>> programme_by_id_;
  std::unordered_map<base::StationId, std::shared_ptr<const domain::Station>> station_by_id_;
  std::unordered_map<base::SessionId, base::ActivityId> activity_of_session_;
  Activities activities_;
  Programmes programmes_;
  Stations stations_;
};

/// The current snapshot, for every loop. Reading costs one relaxed load and no reference count on the hot path.
class CatalogueHolder {
 public:
  CatalogueHolder();

  /// Valid until this thread calls it again: not to be kept across a co_await; `share()` is for that.
  const Catalogue& current() const { return *refreshed(); }
  std::shared_ptr<const Catalogue> share() const { return refreshed(); }

  /// `change` makes the next snapshot from the current one; writers take turns, readers never wait.
  void update(const std::function<Catalogue(const Catalogue&)>& change);

 private:
  const std::shared_ptr<const Catalogue>& refreshed() const;

  const std::uint64_t number_;  ///< tells holders apart in the threads' caches
  std::mutex writer_;
  std::atomic<std::uint64_t> generation_ = 1;
  mutable std::mutex mutex_;
  std::shared_ptr<const Catalogue> snapshot_;  ///< under mutex_
};

}  // namespace zl::app
