// Keeps what this process knows of seats fresh: polls the gates that somebody looks at, fetches the holders of
// activities that are sold out, and takes in what other processes publish.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "app/catalogue.hpp"
#include "app/gate.hpp"
#include "app/gate_keeper.hpp"
#include "base/clock.hpp"
#include "runtime/task_group.hpp"

namespace zl::app {

class SeatWatch {
 public:
  /// Of activities with more seats than `holders_limit` no holders are kept: there the gate itself says "sold out".
  SeatWatch(Gate& gate, GateKeeper& keeper, const CatalogueHolder& catalogue, const base::Clock& clock,
            runtime::TaskGroup& group, base::Milliseconds poll_interval, int holders_limit)
      : gate_(gate),
        keeper_(keeper),
        catalogue_(catalogue),
        clock_(clock),
        group_(group),
        poll_interval_(poll_interval),
        holders_limit_(holders_limit) {}

  /// Takes a count in that is as of `at`, or newer; where the activity turns out to be sold out, its holders are
  /// fetched in the background.
  void learn(const base::ProgrammeId& programme_id, const SeatCount& seats, base::SteadyTime at);

  /// The same of a count that somebody published, however long ago.
  void hear(const base::ProgrammeId& programme_id, const SeatCount& seats);

  /// Whether a process may know of an activity with so many seats that it is sold out.
  bool marks(int capacity) const { return capacity <= holders_limit_; }

  /// Polls each programme once an interval until the group stops; programmes that nobody asked for lately are left
  /// alone.
  asio::awaitable<void> keep();

  /// Polls one programme now, on the group's loop; mends its gate where it is lost.
  asio::awaitable<void> poll(base::ProgrammeId programme_id);

 private:
  void fetch_when_sold_out(const base::ProgrammeId& programme_id, const SeatCount& seats, const ActivityEntry& entry);
  asio::awaitable<void> sleep_until(base::SteadyTime moment);
  asio::awaitable<void> fetch_holders(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                      std::shared_ptr<SeatState> seats);

  /// What the last poll of a programme found.
  struct Polled {
    GateVersion version;
    std::vector<base::ActivityId> published;
    std::vector<SeatCount> sold_out;
  };

  asio::awaitable<bool> is_unchanged(base::ProgrammeId programme_id, const std::vector<base::ActivityId>& published);
  void refresh(const base::ProgrammeId& programme_id, base::SteadyTime at);

  Gate& gate_;
  GateKeeper& keeper_;
  const CatalogueHolder& catalogue_;
  const base::Clock& clock_;
  runtime::TaskGroup& group_;
  const base::Milliseconds poll_interval_;
  const int holders_limit_;

  std::unordered_map<base::ProgrammeId, Polled> polled_;  ///< by polls only, so on the group's loop
};

}  // namespace zl::app
