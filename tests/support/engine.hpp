// The engine on fake stores: every use case around a booking, wired as in a server process, on one loop that the test
// turns. Deterministic: nothing runs on real time.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "app/book.hpp"
#include "app/cancel_booking.hpp"
#include "app/reconcile.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"
#include "support/fakes.hpp"
#include "support/manual_clock.hpp"
#include "support/samples.hpp"

namespace zl::test {

/// Where the result of a coroutine will appear.
template <class T>
using Eventual = std::shared_ptr<std::optional<T>>;

inline constexpr base::Milliseconds hold_ttl{10'000};
inline constexpr base::Milliseconds mend_wait{2'000};

/// Starts a minute after `opening`, without activities.
class Engine {
 private:
  template <class T>
  static boost::asio::awaitable<void> keep(Eventual<T> result, boost::asio::awaitable<T> task) {
    result->emplace(co_await std::move(task));
  }
  static void rethrow(const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  }

 public:
  explicit Engine(std::size_t place_limit = 100);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Runs until everybody waits for the test or for time to pass.
  void settle();

  template <class T>
  Eventual<T> start(boost::asio::awaitable<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(loop, keep(result, std::move(task)), rethrow);
    settle();
    return result;
  }

  /// Throws std::runtime_error where the task cannot end by itself.
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    const Eventual<T> result = start(std::move(task));
    if (!*result) throw std::runtime_error("the task waits for something that does not happen");
    return std::move(**result);
  }
  void run(boost::asio::awaitable<void> task);

  /// To the ledger and the catalogue.
  void put(const domain::Programme& programme);
  void put(const domain::Activity& activity);
  /// What put() was given since, to readers.
  void publish();

  /// Builds the sample programme's gate from the ledger.
  void build_gate();
  /// The child `number` of the user of that number, ten years old, and of the other guardians.
  void add_child(std::uint64_t number, const std::vector<std::uint64_t>& other_guardians = {});

  void set_time(base::Instant now) { clock.set_wall(now); }

  boost::asio::awaitable<base::Outcome<app::BookAnswer>> press(std::uint64_t child, std::uint64_t activity,
                                                               std::string key = "key-0001");
  base::BookingId booking_id(std::uint64_t user, std::string_view key = "key-0001") const;

  GateModel::Activity& at_gate(std::uint64_t activity);
  LedgerModel::Activity& at_ledger(std::uint64_t activity) {
    return ledger.model.activity(id_of<base::ActivityId>(activity));
  }
  int taken(std::uint64_t activity) const { return ledger.model.taken(id_of<base::ActivityId>(activity)); }
  const GateModel::Hold* hold(const base::BookingId& id) const { return gate.model.hold(sample_programme_id, id); }
  app::SeatState& knowledge(std::uint64_t activity) const;

  boost::asio::io_context loop{1};
  Trace trace;
  ManualClock clock;
  runtime::Metrics metrics;
  runtime::TaskGroup group;
  FakeGate gate;
  FakeLedger ledger;
  FakePeople people;
  FakeLease lease;
  app::CatalogueContent content;
  app::CatalogueHolder catalogue;
  app::AttendeeCache attendees{1000};
  app::BookingIds ids;
  app::GateClock time;
  app::GateKeeper keeper;
  app::SeatWatch seats;
  app::BookingMetrics booking_metrics;
  app::ReconcileMetrics reconcile_metrics;
  bool loop_is_late = false;
  app::Admission admission;
  app::Book book;
  app::CancelBooking cancel;
  app::Reconcile reconcile;
};

}  // namespace zl::test
