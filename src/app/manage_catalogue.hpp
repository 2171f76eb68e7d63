// The use cases of town and station admins: stations, programmes and activities, from draft to cancelled. What changed
// is in this process's catalogue before the answer, and in every other's at once by news.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/access.hpp"
#include "app/booking_ledger.hpp"
#include "app/catalogue.hpp"
#include "app/catalogue_store.hpp"
#include "app/follow_changes.hpp"
#include "app/gate.hpp"
#include "app/gate_clock.hpp"
#include "app/gate_keeper.hpp"
#include "base/random.hpp"

namespace zl::app {

/// All calls: Refused{not_found} for ids that are unknown, Refused{forbidden} outside the caller's station,
/// Refused{invalid_request} with the fields for values out of bounds, Refused{version_mismatch} where somebody was
/// faster.
class ManageCatalogue {
 public:
  struct Parts {
    CatalogueStore& store;
    BookingLedger& ledger;
    Gate& gate;
    GateUpkeep& upkeep;
    GateKeeper& keeper;
    FollowChanges& changes;
    const CatalogueHolder& catalogue;
    const GateClock& time;
    base::Random& random;
  };

  explicit ManageCatalogue(Parts parts) : parts_(parts) {}

  template <class T>
  using Answer = asio::awaitable<base::Outcome<T>>;

  /// The id of what is created is made here; the caller's is overwritten.
  Answer<Created<domain::Station>> create_station(domain::Station station, Claims who, Actor actor,
                                                  std::optional<CreationMark> mark);
  Answer<domain::Station> update_station(domain::Station station, std::uint64_t expected_version, Claims who,
                                         Actor actor);

  Answer<Created<domain::Programme>> create_programme(domain::Programme programme, Claims who, Actor actor,
                                                      std::optional<CreationMark> mark);
  Answer<domain::Programme> update_programme(domain::Programme programme, std::uint64_t expected_version, Claims who,
                                             Actor actor);

  Answer<Created<domain::Activity>> create_activity(domain::Activity activity, Claims who, Actor actor,
                                                    std::optional<CreationMark> mark);
  /// `sessions_replaced`: the sessions are new ones and get ids here.
  Answer<domain::Activity> update_activity(domain::Activity activity, bool sessions_replaced,
                                           std::uint64_t expected_version, Claims who, Actor actor);
  Answer<domain::Activity> publish(base::ActivityId id, Claims who, Actor actor);
  Answer<domain::Activity> cancel(base::ActivityId id, std::string reason, Claims who, Actor actor);

 private:
  asio::awaitable<void> tell(base::ProgrammeId programme_id, bool gate_follows);
  void name_sessions(domain::Activity& activity, std::vector<domain::Session> before);

  Parts parts_;
};

}  // namespace zl::app
