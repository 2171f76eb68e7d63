#include "runtime/blocking_pool.hpp"

#include <pthread.h>

#include <chrono>

#include "base/invariant.hpp"

namespace zl::runtime {
namespace {

/// How often deadlines of queued calls are looked at while all threads are busy.
constexpr std::chrono::milliseconds watch_period{10};

void name_this_thread(const std::string& name) {
  constexpr std::size_t longest = 15;  // pthread_setname_np(3)
  pthread_setname_np(pthread_self(), name.substr(0, longest).c_str());
}

}  // namespace

BlockingPool::BlockingPool(std::string name, std::size_t threads, std::size_t queue_limit, const base::Clock& clock,
                           ThreadHooks hooks)
    : name_(std::move(name)), queue_limit_(queue_limit), clock_(clock), hooks_(std::move(hooks)) {
  base::invariant(threads > 0, "a blocking pool has a thread");
  base::invariant(queue_limit > 0, "a blocking pool has a queue");
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  watcher_ = std::thread([this] { watch_deadlines(); });
}

BlockingPool::~BlockingPool() {
  stop();
}

boost::asio::awaitable<bool> BlockingPool::submit(Call& call, base::SteadyTime deadline) {
  return suspend<bool>(
      [this, &call, deadline](Resumption<bool> resume) { enqueue(Entry{&call, deadline, std::move(resume)}); });
}

void BlockingPool::enqueue(Entry entry) {
  std::list<Entry> waiting;
  waiting.push_back(std::move(entry));
  const bool in_time = clock_.steady_now() < waiting.front().deadline;
  {
    const std::lock_guard lock(mutex_);
    if (in_time && !stopping_ && queue_.size() < queue_limit_) {
      queue_.splice(queue_.end(), waiting);
      queued_.store(queue_.size(), std::memory_order_relaxed);
      if (queue_.size() == 1) watch_.notify_one();
    }
  }
  if (waiting.empty()) {
    work_came_.notify_one();
  } else {
    std::move(waiting.front().resume)(false);
  }
}

void BlockingPool::work() {
  name_this_thread(name_);
  if (hooks_.at_start) hooks_.at_start();
  while (true) {
    std::list<Entry> taken;
    {
      std::unique_lock lock(mutex_);
      work_came_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) break;
      taken.splice(taken.end(), queue_, queue_.begin());
      queued_.store(queue_.size(), std::memory_order_relaxed);
    }
    Entry& entry = taken.front();
    const bool in_time = clock_.steady_now() < entry.deadline;
    if (in_time) {
      busy_.fetch_add(1, std::memory_order_relaxed);
      entry.call->run();
      busy_.fetch_sub(1, std::memory_order_relaxed);
    }
    std::move(entry.resume)(in_time);
  }
  if (hooks_.at_end) hooks_.at_end();
}

void BlockingPool::watch_deadlines() {
  name_this_thread(name_ + "-watch");
  std::unique_lock lock(mutex_);
  while (true) {
    watch_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    watch_.wait_for(lock, watch_period, [this] { return stopping_; });
    std::list<Entry> expired = take_expired();
    lock.unlock();
    for (Entry& entry : expired) std::move(entry.resume)(false);
    lock.lock();
  }
}

std::list<BlockingPool::Entry> BlockingPool::take_expired() {
  std::list<Entry> expired;
  const base::SteadyTime now = clock_.steady_now();
  for (auto entry = queue_.begin(); entry != queue_.end();) {
    const auto next = std::next(entry);
    if (entry->deadline <= now) expired.splice(expired.end(), queue_, entry);
    entry = next;
  }
  queued_.store(queue_.size(), std::memory_order_relaxed);
  return expired;
}

void BlockingPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_came_.notify_all();
  watch_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace zl::runtime
