#include "store/mysql/writer_pool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>

#include "base/crash_point.hpp"
#include "runtime/latency.hpp"
#include "runtime/log.hpp"
#include "store/mysql/book_batch.hpp"
#include "store/mysql/session.hpp"

namespace zl::mysql {
namespace {

constexpr std::array<double, 9> batch_bounds{1, 2, 4, 8, 16, 32, 64, 128, 256};

WriterConfig for_writers(WriterConfig config) {
  config.connection.autocommit = false;
  config.connection.packets = true;
  return config;
}

base::Refused overloaded() {
  return {base::Code::overloaded, "the ledger's queue", {}, 0};
}

}  // namespace

WriterPool::WriterPool(const WriterConfig& config, const base::Clock& clock, base::Random& random,
                       runtime::Metrics& metrics)
    : config_(for_writers(config)),
      clock_(clock),
      random_(random),
      queue_seconds_(metrics.histogram("zhonglou_ledger_queue_seconds", "Time of an item in a writer's queue.")),
      commit_seconds_(
          metrics.histogram("zhonglou_ledger_commit_seconds", "Time of a batch from its first statement on.")),
      batch_items_(metrics.histogram("zhonglou_ledger_batch_items", "Items in a group commit.", {}, batch_bounds)) {
  for (std::size_t i = 0; i < config_.writers; ++i) {
    const auto writer = std::make_shared<Writer>(config_);
    writers_.push_back(writer);
    metrics.gauge("zhonglou_ledger_items", "Items of a writer between taking a place and their answer.",
                  {{"writer", std::to_string(i)}}, [writer] { return static_cast<double>(writer->places.value()); });
    metrics.gauge("zhonglou_ledger_limit", "Items of a writer beyond which bookings are not taken.",
                  {{"writer", std::to_string(i)}}, [writer] { return static_cast<double>(writer->limit.places()); });
  }
  metrics.gauge("zhonglou_ledger_up", "1 unless a writer's last attempt to reach MySQL failed.", {},
                [up = up_] { return up->load() ? 1.0 : 0.0; });
  for (const auto& writer : writers_) {
    for (Lane& lane : writer->lanes) {
      lane.thread = std::thread([this, &writer = *writer, &lane] { work(writer, lane); });
    }
  }
}

WriterPool::~WriterPool() {
  stop();
}

void WriterPool::stop() {
  for (const auto& writer : writers_) {
    {
      const std::lock_guard lock(writer->mutex);
      writer->stopping = true;
    }
    for (Lane& lane : writer->lanes) lane.called.notify_all();
  }
  for (const auto& writer : writers_) {
    for (Lane& lane : writer->lanes) {
      if (lane.thread.joinable()) lane.thread.join();
    }
  }
}

std::size_t WriterPool::queued() const {
  std::size_t count = 0;
  for (const auto& writer : writers_) {
    const std::lock_guard lock(writer->mutex);
    count += writer->queue.size();
  }
  return count;
}

WriterPool::Writer& WriterPool::writer_of(const base::ProgrammeId& programme_id) {
  return *writers_[std::hash<base::ProgrammeId>()(programme_id) % writers_.size()];
}

std::optional<runtime::CountGuard> WriterPool::take_place(const base::ProgrammeId& programme_id) {
  return writer_of(programme_id).places.try_take();
}

std::optional<runtime::CountGuard> WriterPool::take_place(const base::ProgrammeId& programme_id, app::Turn turn) {
  Writer& writer = writer_of(programme_id);
  const std::size_t limit = writer.limit.places(clock_.steady_now());
  const std::size_t allowed = turn == app::Turn::again ? limit : limit - limit / 4;
  if (writer.places.value() >= allowed) return std::nullopt;
  return writer.places.try_take();
}

boost::asio::awaitable<BookAnswer> WriterPool::book(runtime::CountGuard place, app::LedgerItem item) {
  Writer& writer = writer_of(item.wish.programme_id);
  BookJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer, &job, std::move(place));
  co_return *std::move(job.answer);
}

boost::asio::awaitable<CancelAnswer> WriterPool::cancel(runtime::CountGuard place, base::ProgrammeId programme_id,
                                                        CancelItem item) {
  CancelJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer_of(programme_id), &job, std::move(place));
  co_return *std::move(job.answer);
}

boost::asio::awaitable<CheckInAnswer> WriterPool::check_in(runtime::CountGuard place, app::CheckInItem item) {
  Writer& writer = writer_of(item.programme_id);
  CheckInJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer, &job, std::move(place));
  co_return *std::move(job.answer);
}

boost::asio::awaitable<bool> WriterPool::wait_in_queue(Writer& writer, Job job, runtime::CountGuard place) {
  auto start = [this, &writer, job, place = std::move(place)](runtime::Resumption<bool> resume) mutable {
    enqueue(writer, {job, clock_.steady_now(), std::move(resume), std::move(place)});
  };
  return runtime::suspend<bool>(std::move(start));
}

void WriterPool::enqueue(Writer& writer, Entry entry) {
  {
    const std::lock_guard lock(writer.mutex);
    if (!writer.stopping) {
      writer.queue.push_back(std::move(entry));
      // A lane is woken for the first and when a batch is due: for each would cost more than their commit.
      const BatchStart start = start_of(writer);
      const bool first = start == BatchStart::soon && writer.queue.size() == 1;
      Lane* const lane = first_free(writer);
      if (lane != nullptr && (first || start == BatchStart::now)) lane->called.notify_one();
      return;
    }
  }
  std::visit([](auto* job) { job->answer.emplace(overloaded()); }, entry.job);
  answer(std::move(entry));
}

/// Gives the place back first: whoever is answered finds it free.
void WriterPool::answer(Entry entry) {
  {
    const runtime::CountGuard place = std::move(entry.place);
  }
  std::move(entry.resume)(true);
}

void WriterPool::work(Writer& writer, Lane& lane) {
  Session session(config_.connection, clock_, random_, *up_, *config_.reached);
  for (;;) {
    std::vector<Entry> entries = next_batch(writer, lane);
    if (entries.empty()) return;
    ZL_CRASH_POINT("ledger.batch_taken");
    const std::size_t count = entries.size();
    const base::SteadyTime began = clock_.steady_now();
    refuse_expired(entries);
    if (!entries.empty()) {
      begin_commit(writer, began);
      commit(session, writer.memory, entries);
      end_commit(writer, began, clock_.steady_now());
    }
    ZL_CRASH_POINT("ledger.answered");
    for (Entry& entry : entries) answer(std::move(entry));
    end_batch(writer, lane, count, clock_.steady_now() - began);
  }
}

/// Empty only when the writer stops and its queue is empty.
std::vector<WriterPool::Entry> WriterPool::next_batch(Writer& writer, Lane& lane) {
  std::vector<Entry> entries;
  std::unique_lock lock(writer.mutex);
  lane.free = true;
  await_batch(writer, lane, lock);
  lane.free = false;
  const std::size_t count = std::min(writer.queue.size(), config_.batch_limit);
  if (count == 0) return entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(std::move(writer.queue.front()));
    writer.queue.pop_front();
  }
  writer.committing += count;
  ++writer.busy;
  return entries;
}

void WriterPool::await_batch(Writer& writer, Lane& lane, std::unique_lock<std::mutex>& lock) const {
  while (!writer.stopping) {
    switch (first_free(writer) == &lane ? start_of(writer) : BatchStart::later) {
      case BatchStart::now:
        return;
      case BatchStart::later:
        lane.called.wait(lock);
        break;
      case BatchStart::soon: {
        const auto due = [&] { return writer.stopping || start_of(writer) != BatchStart::soon; };
        const std::chrono::milliseconds longest(config_.arrival_patience_ms);
        if (!lane.called.wait_for(lock, arrival_patience(writer.batch_time, longest), due)) return;
        break;
      }
    }
  }
}

WriterPool::Lane* WriterPool::first_free(Writer& writer) {
  const auto lane = std::ranges::find_if(writer.lanes, &Lane::free);
  return lane == writer.lanes.end() ? nullptr : &*lane;
}

BatchStart WriterPool::start_of(const Writer& writer) const {
  return batch_start({writer.places.value(), writer.queue.size(), writer.committing, writer.busy, config_.batch_limit});
}

void WriterPool::begin_commit(Writer& writer, base::SteadyTime now) {
  const std::lock_guard lock(writer.mutex);
  writer.limit.begin(now);
}

void WriterPool::end_commit(Writer& writer, base::SteadyTime began, base::SteadyTime now) {
  const std::lock_guard lock(writer.mutex);
  writer.limit.end(began, now);
}

void WriterPool::end_batch(Writer& writer, const Lane& lane, std::size_t count, base::SteadyTime::duration took) {
  const std::lock_guard lock(writer.mutex);
  writer.committing -= count;
  --writer.busy;
  writer.batch_time = took;
  // This lane asks by itself, unless one before it has waited for its end.
  if (Lane* const other = first_free(writer); other != nullptr && other < &lane) other->called.notify_one();
}

void WriterPool::refuse_expired(std::vector<Entry>& entries) {
  const base::SteadyTime now = clock_.steady_now();
  std::vector<Entry> kept;
  kept.reserve(entries.size());
  for (Entry& entry : entries) {
    queue_seconds_.observe(std::chrono::duration<double>(now - entry.queued_at).count());
    if (now - entry.queued_at <= std::chrono::milliseconds(config_.item_deadline_ms)) {
      kept.push_back(std::move(entry));
      continue;
    }
    std::visit([](auto* job) { job->answer.emplace(overloaded()); }, entry.job);
    answer(std::move(entry));
  }
  entries.swap(kept);
}

void WriterPool::commit(Session& session, SharedHeldMemory& memory, std::vector<Entry>& entries) {
  batch_items_.observe(static_cast<double>(entries.size()));
  const runtime::StageTimer timer(commit_seconds_, clock_);
  try {
    // Cancellations first: they give seats back. Each kind is followed up on its own when a COMMIT goes unanswered.
    BatchRunner cancel_runner(config_.runner, session, clock_, random_);
    cancel_all(cancel_runner, entries);
    BatchRunner book_runner(config_.runner, session, clock_, random_);
    book_all(book_runner, memory, entries);
    BatchRunner check_in_runner(config_.runner, session, clock_, random_);
    check_in_all(check_in_runner, entries);
  } catch (const std::exception& error) {
    // Nothing is known of what has no answer yet: a bug or a lack of memory in the middle of it.
    runtime::log::error("ledger_batch_failed", {{"cause", error.what()}});
    session.drop();
    session.trail().lost();
    for (Entry& entry : entries) {
      std::visit(
          [&](auto* job) {
            if (!job->answer) job->answer.emplace(base::Unknown{error.what()});
          },
          entry.job);
    }
  }
}

void WriterPool::book_all(BatchRunner& runner, SharedHeldMemory& memory, std::vector<Entry>& entries) {
  std::vector<BookJob*> jobs;
  std::vector<app::LedgerItem> items;
  for (Entry& entry : entries) {
    if (BookJob** const job = std::get_if<BookJob*>(&entry.job)) {
      jobs.push_back(*job);
      items.push_back((*job)->item);
    }
  }
  if (jobs.empty()) return;
  std::vector<BookAnswer> answers = book_batch(runner, memory, std::move(items));
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->answer.emplace(std::move(answers[i]));
}

void WriterPool::cancel_all(BatchRunner& runner, std::vector<Entry>& entries) {
  std::vector<CancelJob*> jobs;
  std::vector<CancelItem> items;
  for (Entry& entry : entries) {
    if (CancelJob** const job = std::get_if<CancelJob*>(&entry.job)) {
      jobs.push_back(*job);
      items.push_back((*job)->item);
    }
  }
  if (jobs.empty()) return;
  std::vector<CancelAnswer> answers = cancel_batch(runner, items);
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->answer.emplace(std::move(answers[i]));
}

void WriterPool::check_in_all(BatchRunner& runner, std::vector<Entry>& entries) {
  std::vector<CheckInJob*> jobs;
  std::vector<app::CheckInItem> items;
  for (Entry& entry : entries) {
    if (CheckInJob** const job = std::get_if<CheckInJob*>(&entry.job)) {
      jobs.push_back(*job);
      items.push_back((*job)->item);
    }
  }
  if (jobs.empty()) return;
  std::vector<CheckInAnswer> answers = check_in_batch(runner, items);
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->answer.emplace(std::move(answers[i]));
}

}  // namespace zl::mysql
