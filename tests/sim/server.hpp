// One life of a server process: the application wired as in the real one, on a loop of its own, on simulated stores.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "app/book.hpp"
#include "app/cancel_booking.hpp"
#include "app/check_in.hpp"
#include "app/follow_changes.hpp"
#include "app/late_grants.hpp"
#include "app/manage_catalogue.hpp"
#include "app/reconcile.hpp"
#include "runtime/task_group.hpp"
#include "sim/gate_port.hpp"
#include "sim/mysql_ports.hpp"
#include "sim/people_port.hpp"
#include "sim/setting.hpp"
#include "support/fake_catalogue.hpp"

namespace zl::sim {

/// The metrics of all servers; only counted, never asked by the application.
struct Metrics {
  Metrics();
  runtime::Metrics registry;
  app::BookingMetrics booking;
  app::ReconcileMetrics reconcile;
  app::AdmissionMetrics turned_away;
};

class Server {
 public:
  /// Starts; serves once it is ready().
  Server(Setting& setting, RedisSim& redis, MysqlSim& mysql, Metrics& metrics, std::function<void()> announce);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Its memory is gone: who waits is destroyed where it stands.
  ~Server();

  Owner owner() const { return owner_; }
  bool ready() const { return ready_; }
  bool failed() const { return failed_; }

  /// Runs until everybody waits. Throws what leaves a request.
  void run();

  template <class T>
  void start(boost::asio::awaitable<T> task, std::function<void(T)> done);

  void on_news(const base::ProgrammeId& programme, const app::SeatCount& seats) { seats_.hear(programme, seats); }
  void on_change() { changes_.wake(); }
  void reset_links() const { gate_.reset_links(); }

  /// Ends its background tasks, as a shutdown does.
  void stop() { tasks_.stop(); }
  std::size_t tasks() const { return tasks_.running(); }
  std::size_t places_taken() const { return ledger_.places_taken(); }

 private:
  template <class T>
  static boost::asio::awaitable<void> pass_on(boost::asio::awaitable<T> task, std::function<void(T)> done);
  static boost::asio::awaitable<void> come_up(Server& self);

  Setting& setting_;
  const Owner owner_;
  HostClock clock_;
  ChanceRandom random_;
  bool ready_ = false;
  bool failed_ = false;

  SimGate gate_;
  SimLedger ledger_;
  SimPeople people_;
  SimCatalogueStore store_;
  SimAttendance attendance_;
  SimFeed feed_;
  SimLease lease_;
  test::Trace account_calls_;
  test::FakeAccountStore accounts_;

  // Destroyed before the stores: coroutines that were about to go on hold places of the ledger's.
  std::unique_ptr<boost::asio::io_context> loop_ = std::make_unique<boost::asio::io_context>(1);
  runtime::TaskGroup tasks_;
  app::ReturnLateGrants late_grants_;
  app::CatalogueHolder catalogue_;
  app::GateClock time_;
  app::VoidedTokenList voided_;
  app::AttendeeCache attendees_{1000};
  app::GateKeeper keeper_;
  app::SeatWatch seats_;
  app::FollowChanges changes_;
  app::Reconcile reconcile_;

 public:
  app::BookingIds ids;
  app::Admission admission;
  app::Book book;
  app::CancelBooking cancel;
  app::ManageCatalogue manage;
  app::CheckInDesk door;
  const app::CatalogueHolder& catalogue() const { return catalogue_; }
};

}  // namespace zl::sim

#include "sim/server_start.hpp"
