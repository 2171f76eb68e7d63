#include "store/redis/gate_queue.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

#include "store/redis/gate_code.hpp"
#include "store/redis/gate_replies.hpp"
#include "store/redis/keys.hpp"

namespace zl::redis {

/// The wishes of one call, until its reply. Keeps the queue.
class GateQueue::Batch final : public ReplyReceiver {
 public:
  Batch(std::shared_ptr<GateQueue> queue, const base::ProgrammeId& programme_id, std::vector<Waiting> wishes)
      : queue_(std::move(queue)), programme_id_(programme_id), wishes_(std::move(wishes)) {}

  void on_reply(Reply reply) override {
    if (reply.is_lost()) {
      for (const Waiting& waiting : wishes_) given_up_.push_back(waiting.wish);
    }
    queue_->settle(programme_id_, std::move(wishes_), reply);
  }

  void on_late_reply(const Reply& reply) override {
    if (queue_->late_grants_ == nullptr) return;
    std::vector<app::LateGrant> grants = read_late_grants(reply, given_up_);
    if (!grants.empty()) queue_->late_grants_->on_late_grants(std::move(grants));
  }

 private:
  const std::shared_ptr<GateQueue> queue_;
  const base::ProgrammeId programme_id_;
  std::vector<Waiting> wishes_;
  std::vector<domain::BookingWish> given_up_;  ///< once their callers were told that the answer is lost
};

GateQueue::GateQueue(Link& link, base::Milliseconds hold_ttl, GateQueueLimits limits)
    : link_(link), hold_ttl_(hold_ttl), limits_(limits) {}

boost::asio::awaitable<GateQueue::Decision> GateQueue::book(const domain::BookingWish& wish, std::uint64_t min_epoch) {
  return runtime::suspend<Decision>(
      [this, wish, min_epoch](runtime::Resumption<Decision> caller) { take({wish, min_epoch, std::move(caller)}); });
}

void GateQueue::take(Waiting waiting) {
  if (waiting_ >= limits_.waiting) {
    return std::move(waiting.caller)(base::Refused{base::Code::unavailable, "too many wishes wait for Redis", {}, 1});
  }
  const base::ProgrammeId programme_id = waiting.wish.programme_id;
  Programme& programme = programmes_[programme_id];
  programme.waiting.push_back(std::move(waiting));
  ++waiting_;
  if (programme.waiting.size() < limits_.full_call) {
    if (programme.waiting.size() > 1 || programme.calls > 0) return;
    due_.push_back(programme_id);
    return end_turn_later();
  }
  if (!may_send(programme)) return;
  std::erase(due_, programme_id);
  send_confirmations();
  send_alone();
  send_waiting(programme_id);
  link_.write_now();
}

bool GateQueue::may_send(const Programme& programme) const {
  if (programme.calls == 0) return true;
  return programme.waiting.size() >= limits_.full_call && programme.calls < limits_.full_calls;
}

void GateQueue::confirm(const domain::BookingWish& wish) {
  confirmations_[ProgrammeKeys(wish.programme_id).seats(wish.activity_id)].push_back(name_of(wish.id));
  end_turn_later();
}

void GateQueue::end_turn_later() {
  if (std::exchange(ending_turn_, true)) return;
  boost::asio::post(link_.executor(), [self = shared_from_this()] { self->end_turn(); });
}

void GateQueue::end_turn() {
  ending_turn_ = false;
  send_confirmations();
  send_alone();
  for (const base::ProgrammeId& programme_id : std::exchange(due_, {})) send_waiting(programme_id);
}

void GateQueue::send_alone() {
  for (Waiting& waiting : std::exchange(alone_, {})) {
    const base::ProgrammeId programme_id = waiting.wish.programme_id;
    ++programmes_[programme_id].calls;
    std::vector<Waiting> one;
    one.push_back(std::move(waiting));
    send(programme_id, std::move(one));
  }
}

void GateQueue::send_confirmations() {
  for (const auto& [seats, bookings] : std::exchange(confirmations_, {})) {
    Command command("ZADD", 96 + 40 * bookings.size());
    command.arg(seats).arg("XX");
    for (const std::string& booking : bookings) command.arg("+inf").arg(booking);
    link_.send(std::move(command));
  }
}

void GateQueue::send_waiting(const base::ProgrammeId& programme_id) {
  const auto programme = programmes_.find(programme_id);
  if (programme == programmes_.end()) return;
  std::vector<Waiting> all = std::exchange(programme->second.waiting, {});
  waiting_ -= all.size();
  for (auto at = all.begin(); at != all.end();) {
    const auto end = std::next(at, std::min<std::ptrdiff_t>(std::distance(at, all.end()),
                                                            static_cast<std::ptrdiff_t>(limits_.wishes_at_once)));
    ++programmes_[programme_id].calls;
    send(programme_id, {std::move_iterator(at), std::move_iterator(end)});
    at = end;
  }
}

void GateQueue::send(const base::ProgrammeId& programme_id, std::vector<Waiting> wishes) {
  const ProgrammeKeys keys(programme_id);
  std::vector<base::ActivityId> activities;  // that are wished for, each once
  std::string of_wish;                       // each wish's place among them, as a byte that begins at 1
  std::uint64_t min_epoch = 0;
  for (const Waiting& waiting : wishes) {
    // One caller that has seen a newer gate is enough: this one is lost for all of them.
    min_epoch = std::max(min_epoch, waiting.min_epoch);
    const auto found = std::ranges::find(activities, waiting.wish.activity_id);
    of_wish += static_cast<char>(found - activities.begin() + 1);
    if (found == activities.end()) activities.push_back(waiting.wish.activity_id);
  }
  Command command = function_call("zl_book", 2 + activities.size(), 512 + 96 * wishes.size() + 128 * activities.size());
  command.arg(keys.gate()).arg(keys.held());
  for (const base::ActivityId& id : activities) command.arg(keys.seats(id));
  command.arg(link_.run_id()).arg(min_epoch).arg(hold_ttl_.count()).arg(of_wish);
  for (const base::ActivityId& id : activities) command.arg(name_of(id));
  for (const Waiting& waiting : wishes) {
    command.arg(name_of(waiting.wish.id)).arg(name_of(waiting.wish.attendee_id)).arg(name_of(waiting.wish.user_id));
  }
  link_.call(std::move(command), std::make_unique<Batch>(shared_from_this(), programme_id, std::move(wishes)));
}

void GateQueue::settle(const base::ProgrammeId& programme_id, std::vector<Waiting> wishes, const Reply& reply) {
  if (reply.is_error() && wishes.size() > 1 && !needs_new_greeting(reply)) {
    // One of them may have met what no function can read, and the others would share its fate. Nothing was written, and
    // had it been, the same id is held again.
    std::ranges::move(wishes, std::back_inserter(alone_));
    end_turn_later();
  } else {
    std::vector<base::ActivityId> activities;
    activities.reserve(wishes.size());
    for (const Waiting& waiting : wishes) activities.push_back(waiting.wish.activity_id);
    std::vector<Decision> decisions = read_decisions(reply, activities);
    for (std::size_t i = 0; i < wishes.size(); ++i) std::move(wishes[i].caller)(std::move(decisions[i]));
  }
  const auto programme = programmes_.find(programme_id);
  --programme->second.calls;
  if (!programme->second.waiting.empty()) {
    if (may_send(programme->second)) {
      due_.push_back(programme_id);
      end_turn_later();
    }
  } else if (programme->second.calls == 0) {
    programmes_.erase(programme);
  }
}

}  // namespace zl::redis
