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
    writer->thread = std::thread([this, &writer = *writer] { work(writer); });
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
    writer->work_came.notify_all();
  }
  for (const auto& writer : writers_) {
    if (writer->thread.joinable()) writer->thread.join();
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

boost::asio::awaitable<BookAnswer> WriterPool::book(app::LedgerItem item) {
  Writer& writer = writer_of(item.wish.programme_id);
  BookJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer, &job);
  co_return *std::move(job.answer);
}

boost::asio::awaitable<CancelAnswer> WriterPool::cancel(const base::ProgrammeId& programme_id, CancelItem item) {
  Writer& writer = writer_of(programme_id);
  CancelJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer, &job);
  co_return *std::move(job.answer);
}

boost::asio::awaitable<CheckInAnswer> WriterPool::check_in(app::CheckInItem item) {
  Writer& writer = writer_of(item.programme_id);
  CheckInJob job{std::move(item), std::nullopt};
  co_await wait_in_queue(writer, &job);
  co_return *std::move(job.answer);
}

boost::asio::awaitable<bool> WriterPool::wait_in_queue(Writer& writer, Job job) {
  return runtime::suspend<bool>([this, &writer, job](runtime::Resumption<bool> resume) {
    enqueue(writer, {job, clock_.steady_now(), std::move(resume)});
  });
}

void WriterPool::enqueue(Writer& writer, Entry entry) {
  {
    const std::lock_guard lock(writer.mutex);
    if (!writer.stopping) {
      writer.queue.push_back(std::move(entry));
      writer.work_came.notify_one();
      return;
    }
  }
  std::visit([](auto* job) { job->answer.emplace(overloaded()); }, entry.job);
  std::move(entry.resume)(true);
}

void WriterPool::work(Writer& writer) {
  Session session(config_.connection, clock_, random_, *up_);
  HeldMemory memory;
  for (;;) {
    std::vector<Entry> entries = next_batch(writer);
    if (entries.empty()) return;
    ZL_CRASH_POINT("ledger.batch_taken");
    refuse_expired(entries);
    if (!entries.empty()) {
      writer.limit.begin(clock_.steady_now());
      commit(session, memory, entries);
      writer.limit.end(clock_.steady_now());
    }
    ZL_CRASH_POINT("ledger.answered");
    for (Entry& entry : entries) std::move(entry.resume)(true);
  }
}

/// Empty only when the writer stops and its queue is empty.
std::vector<WriterPool::Entry> WriterPool::next_batch(Writer& writer) {
  std::vector<Entry> entries;
  std::unique_lock lock(writer.mutex);
  writer.work_came.wait(lock, [&] { return writer.stopping || !writer.queue.empty(); });
  const std::size_t count = std::min(writer.queue.size(), config_.batch_limit);
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(std::move(writer.queue.front()));
    writer.queue.pop_front();
  }
  return entries;
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
    std::move(entry.resume)(true);
  }
  entries.swap(kept);
}

void WriterPool::commit(Session& session, HeldMemory& memory, std::vector<Entry>& entries) {
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

void WriterPool::book_all(BatchRunner& runner, HeldMemory& memory, std::vector<Entry>& entries) {
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
