// Virtual time: what will happen, in order, and who waits for what. One thread; time passes only between events.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "runtime/resumption.hpp"

namespace zl::sim {

/// Who an event belongs to: one life of a server process, or nobody (the network, a store, a client).
using Owner = std::uint64_t;
inline constexpr Owner nobody = 0;

class Schedule {
 public:
  using Action = std::function<void()>;

  /// A coroutine that waits. Forgotten with its owner.
  class Waiting {
   public:
    virtual ~Waiting() = default;
    /// Destroys the coroutine where it stands.
    virtual void drop() = 0;
  };

  Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule();

  /// The one that exists on this thread: for runtime::Event, which is given no clock.
  static Schedule& current();

  std::int64_t now_us() const { return now_us_; }

  /// Events of one instant run in the order in which they were asked for.
  void at(std::int64_t when_us, Owner owner, Action action);
  void after_us(std::int64_t delay_us, Owner owner, Action action) { at(now_us_ + delay_us, owner, std::move(action)); }

  /// Runs the next event that is due by then; false, and it is `until_us`, where there is none.
  bool step(std::int64_t until_us);

  /// From now on it exists, until drop(), which makes its events vanish and destroys who waits.
  Owner add_owner();
  void drop(Owner owner);
  bool alive(Owner owner) const { return owners_.contains(owner); }

  /// A stopped process: its events come when it goes on, in their order.
  void freeze(Owner owner);
  void thaw(Owner owner);
  bool frozen(Owner owner) const { return frozen_.contains(owner); }

  /// Whose loop runs now; who starts to wait belongs to it.
  Owner running() const { return running_; }
  void set_running(Owner owner) { running_ = owner; }

  std::uint64_t park(Owner owner, std::shared_ptr<Waiting> waiting);
  void unpark(Owner owner, std::uint64_t ticket);

 private:
  struct Event {
    std::int64_t when_us = 0;
    std::uint64_t number = 0;
    Owner owner = nobody;
    Action action;
  };
  static bool later(const Event& a, const Event& b) {
    return std::pair(a.when_us, a.number) > std::pair(b.when_us, b.number);
  }

  std::int64_t now_us_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_ticket_ = 0;
  Owner last_owner_ = nobody;
  Owner running_ = nobody;
  std::vector<Event> events_;  ///< a heap, the next one first
  std::map<Owner, std::map<std::uint64_t, std::shared_ptr<Waiting>>> owners_;
  std::map<Owner, std::vector<Event>> frozen_;
};

/// A coroutine of a server that waits for one answer.
template <class T>
class Call final : public Schedule::Waiting {
 public:
  Call(Schedule& schedule, runtime::Resumption<T> resumption)
      : schedule_(schedule), owner_(schedule.running()), resumption_(std::move(resumption)) {}

  static std::shared_ptr<Call> start(Schedule& schedule, runtime::Resumption<T> resumption) {
    auto call = std::make_shared<Call>(schedule, std::move(resumption));
    call->ticket_ = schedule.park(call->owner_, call);
    return call;
  }

  Owner owner() const { return owner_; }
  bool waits() const { return resumption_.has_value(); }

  /// The first answer counts.
  void answer(T value) {
    if (!resumption_) return;
    runtime::Resumption<T> resumption = *std::move(resumption_);
    resumption_.reset();
    schedule_.unpark(owner_, ticket_);
    std::move(resumption)(std::move(value));
  }

  void drop() override {
    // Moved out first: the coroutine holds this object.
    const std::optional<runtime::Resumption<T>> dropped = std::move(resumption_);
    resumption_.reset();
  }

 private:
  Schedule& schedule_;
  const Owner owner_;
  std::uint64_t ticket_ = 0;
  std::optional<runtime::Resumption<T>> resumption_;
};

}  // namespace zl::sim
