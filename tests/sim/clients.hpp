// The town: parents who press, press again, cancel and come; staff who publish and change. Each waits for its answers
// and goes on by them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sim/history.hpp"
#include "sim/mysql_sim.hpp"
#include "sim/server.hpp"
#include "sim/setting.hpp"

namespace zl::sim {

class Clients {
 public:
  /// `any_server` gives one that takes connections, or null.
  Clients(Setting& setting, MysqlSim& mysql, std::function<Server*()> any_server);

  /// Plans everything that the town will do while the faults last.
  void begin();

  /// A server process ended: who waited for it is told so.
  void lose(Owner server);

  /// Presses once for a child that nobody knows yet, without a second try.
  const Attempt& press_fresh(const base::ActivityId& activity);

  const History& history() const { return history_; }
  std::size_t open_requests() const { return open_.size(); }
  /// Broken promises that an answer showed; empty where there are none.
  const std::string& complaint() const { return complaint_; }

 private:
  struct Child {
    base::AttendeeId id;
    base::UserId user;
  };

  void add_child(std::uint64_t number, const std::vector<std::uint64_t>& users);
  void plan_presses();
  void plan_staff();
  void press_any();
  void press(Wish& wish, const base::ActivityId& activity, const base::AttendeeId& attendee, int tries_left);
  void arrive(Wish& wish, Attempt& attempt, int tries_left);
  void answered(Wish& wish, Attempt& attempt, int tries_left, base::Outcome<app::BookAnswer> answer);
  void told_booked(Wish& wish, const Attempt& attempt, const domain::Booking& booking);
  void told_refused(const Wish& wish, const Attempt& attempt, const domain::Refusal& refusal);
  void go_on(Wish& wish, const Attempt& attempt, int tries_left);
  void cancel(Wish& wish, int tries_left);
  void check_in(int tries_left);
  void undo(const base::CheckInId& id, int tries_left);
  void publish();
  void change_capacity();
  void cancel_activity();
  void move_opening();

  /// Asks any server; `lost` runs instead of `done` where the server ends before it has answered. False: there is none.
  template <class T>
  Server* ask(std::string_view what, const std::function<boost::asio::awaitable<T>(Server&)>& request,
              std::function<void(T)> done, std::function<void()> lost);
  void complain(std::string text);
  bool over() const { return setting_.now_ms() >= setting_.plan.faults_end_ms; }
  base::ActivityId any_activity();
  /// Who asks, under a request id that nobody had.
  app::Actor actor(const base::Bytes16& who, std::string role);
  /// `then` is told the answer; null where the request reached no server, or one that ended before it answered.
  template <class T>
  void order(const Errand& errand,
             const std::function<boost::asio::awaitable<base::Outcome<T>>(Server&, app::Actor)>& request,
             const std::function<void(const base::Outcome<T>*)>& then);

  Setting& setting_;
  MysqlSim& mysql_;
  const std::function<Server*()> any_server_;
  const app::BookingIds ids_;
  History history_;
  std::vector<Child> children_;
  std::uint64_t fresh_ = 1000;
  struct Open {
    Owner server = nobody;
    std::function<void()> lost;
  };
  std::map<std::uint64_t, Open> open_;
  std::uint64_t last_request_ = 0;
  std::uint64_t last_actor_ = 0;
  std::string complaint_;
};

template <class T>
Server* Clients::ask(std::string_view what, const std::function<boost::asio::awaitable<T>(Server&)>& request,
                     std::function<void(T)> done, std::function<void()> lost) {
  Server* server = any_server_();
  if (server == nullptr) {
    setting_.seen.add("clients", "no server");
    return nullptr;
  }
  const std::uint64_t number = ++last_request_;
  open_[number] = {server->owner(), std::move(lost)};
  setting_.seen.add("requests", what);
  setting_.trace.note(server->owner(), what, "asked", number);
  server->start<T>(request(*server), [this, what, number, owner = server->owner(), done = std::move(done)](T answer) {
    open_.erase(number);
    setting_.trace.note(owner, what, "answered", number);
    done(std::move(answer));
  });
  return server;
}

}  // namespace zl::sim
