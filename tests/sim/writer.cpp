#include "sim/writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/pool.hpp"

namespace zl::sim {
namespace {

constexpr std::int64_t item_deadline_us = 2'500'000;
constexpr std::size_t batch_limit = 8;
constexpr int attempts_max = 3;

std::string_view answer_name(const base::Outcome<app::LedgerAnswer>& answer) {
  constexpr std::array<std::string_view, 5> names{"booked", "refused by a rule", "full", "closed", "fenced"};
  if (!answer) return base::name(answer.refused().code);
  const auto* booked = std::get_if<app::LedgerBooked>(&*answer);
  if (booked != nullptr && !domain::is_active(booked->booking.state)) return "booked and cancelled since";
  if (booked != nullptr && booked->earlier) return "booked earlier";
  return names[answer->index()];
}

}  // namespace

void Writer::book(app::LedgerItem item, const std::shared_ptr<BookCall>& call) {
  setting_.seen.add("mysql calls", "ledger.book");
  setting_.trace.note(owner_, "ledger.book", "queued");
  queue_.push_back({BookJob{std::move(item), call, std::nullopt}, setting_.schedule.now_us()});
  begin();
}

void Writer::cancel(Cancellation wish, const std::shared_ptr<CancelCall>& call) {
  setting_.seen.add("mysql calls", "ledger.cancel");
  setting_.trace.note(owner_, "ledger.cancel", "queued");
  queue_.push_back({CancelJob{std::move(wish), call, std::nullopt}, setting_.schedule.now_us()});
  begin();
}

bool Writer::refuse_late(Entry& entry) {
  if (setting_.schedule.now_us() - entry.queued_us <= item_deadline_us) return false;
  setting_.seen.add("ledger", "waited too long for the writer");
  std::visit(
      [](auto& job) {
        if (const auto call = job.call.lock()) call->answer(base::Code::overloaded);
      },
      entry.job);
  return true;
}

void Writer::begin() {
  if (busy_) return;
  const Batch batch = std::make_shared<Entries>();
  while (!queue_.empty() && batch->size() < batch_limit) {
    Entry entry = std::move(queue_.front());
    queue_.pop_front();
    if (!refuse_late(entry)) batch->push_back(std::move(entry));
  }
  if (batch->empty()) return;
  if (batch->size() > 1) setting_.seen.add("ledger", "batch of several");
  busy_ = true;
  // By the order of grants, and cancellations first: they give seats back.
  std::ranges::sort(*batch, {}, [](const Entry& entry) {
    const auto* booking = std::get_if<BookJob>(&entry.job);
    return booking == nullptr ? 0 : booking->item.grant.value;
  });
  send(batch);
}

void Writer::send(const Batch& batch) {
  setting_.schedule.after_us(setting_.delay_us(), nobody, [self = shared_from_this(), batch] { self->deliver(batch); });
}

/// The statements are there, and COMMIT is on its way, unless the process ended or stopped before it was sent.
void Writer::deliver(const Batch& batch) {
  Schedule& schedule = setting_.schedule;
  if (!schedule.alive(owner_) && setting_.chance.percent(50)) {
    return setting_.seen.add("ledger", "batch died with its process");
  }
  if (mysql_.up() && mysql_.stopped_until_us() > schedule.now_us()) {
    return schedule.at(mysql_.stopped_until_us(), nobody, [self = shared_from_this(), batch] { self->deliver(batch); });
  }
  if (schedule.frozen(owner_) && setting_.chance.percent(70)) {
    setting_.seen.add("ledger", "batch waits for a stopped process");
    return schedule.after_us(0, owner_, [self = shared_from_this(), batch] { self->send(batch); });
  }
  commit(batch);
}

bool Writer::try_again(const Batch& batch) {
  if (batch->attempt >= attempts_max) return false;
  ++batch->attempt;
  send(batch);
  return true;
}

void Writer::commit(const Batch& batch) {
  Chance& chance = setting_.chance;
  if (setting_.crash_point(owner_, "crash before", "ledger.commit")) return;
  if (!mysql_.up() || chance.permille(setting_.faults.mysql_lost)) {
    setting_.seen.add("mysql connection lost before", "ledger.commit");
    if (try_again(batch)) return;
    answer_all(batch);
    return finish(batch, setting_.delay_us());
  }
  const bool late = chance.permille(setting_.faults.commit_late);
  if (!late && !chance.permille(setting_.faults.commit_unknown)) {
    apply(batch);
    if (setting_.crash_point(owner_, "crash after", "ledger.commit")) return;
    return finish(batch, setting_.delay_us());
  }
  // The connection ends after COMMIT was sent. The old session is killed and the same batch run again, with the same
  // ids, unless MySQL can't be reached.
  batch->in_doubt = true;
  const bool effect = !late && chance.percent(60);
  if (late) commit_late(batch);
  if (effect) apply(batch);
  if (!late && chance.percent(50) && try_again(batch)) {
    return setting_.seen.add("mysql commit unknown, then tried again", "ledger.commit");
  }
  setting_.seen.add(late     ? "mysql commit unknown, done late"
                    : effect ? "mysql commit unknown, done"
                             : "mysql commit unknown, not done",
                    "ledger.commit");
  answer_all(batch);
  finish(batch, chance.between(100'000, 3'000'000));
}

void Writer::commit_late(const Batch& batch) {
  ++setting_.late_commits;
  setting_.schedule.after_us(setting_.chance.between(1'000'000, 9'000'000), nobody,
                             [self = shared_from_this(), copy = std::make_shared<Entries>(*batch)] {
                               --self->setting_.late_commits;
                               self->setting_.trace.note(nobody, "ledger.commit", "late");
                               self->apply(copy);
                             });
}

void Writer::apply(const Batch& batch) {
  if (setting_.bug == Bug::audited_as_the_first) name_the_first(*batch);
  for (Entry& entry : *batch) {
    if (auto* cancel = std::get_if<CancelJob>(&entry.job)) {
      cancel->answer.emplace(mysql_.cancel(cancel->wish.id, cancel->wish.actor, cancel->wish.now));
      setting_.trace.note(nobody, "ledger.cancel", "committed");
    } else {
      BookJob& book = std::get<BookJob>(entry.job);
      book.answer.emplace(mysql_.book(book.item));
      const std::string_view said = answer_name(*book.answer);
      setting_.seen.add("ledger said", said);
      setting_.trace.note(nobody, "ledger.book", said);
    }
  }
  setting_.stores_changed = true;
}

void Writer::name_the_first(Entries& batch) {
  const app::Actor* first = nullptr;
  for (Entry& entry : batch) {
    auto* book = std::get_if<BookJob>(&entry.job);
    if (book == nullptr) continue;
    if (first == nullptr) first = &book->item.actor;
    book->item.actor = *first;
  }
}

void Writer::audit_late(const Entries& batch) const {
  for (const Entry& entry : batch) {
    const auto* book = std::get_if<BookJob>(&entry.job);
    if (book == nullptr || !*book->answer) continue;
    const auto* booked = std::get_if<app::LedgerBooked>(&**book->answer);
    if (booked != nullptr && !booked->earlier) {
      mysql_.tell("booking.create", booked->booking.id.bytes, book->item.actor);
    }
  }
}

/// Nobody will know more: unknown where a COMMIT was sent, else refused.
void Writer::answer_all(const Batch& batch) {
  for (Entry& entry : *batch) {
    std::visit(
        [&batch](auto& job) {
          if (batch->in_doubt) {
            job.answer.emplace(base::Unknown{"no answer to COMMIT"});
          } else {
            job.answer.emplace(no_mysql());
          }
        },
        entry.job);
  }
}

void Writer::finish(const Batch& batch, std::int64_t delay_us) {
  setting_.schedule.after_us(delay_us, owner_, [self = shared_from_this(), batch] {
    if (self->setting_.bug == Bug::audited_after_commit) self->audit_late(*batch);
    for (Entry& entry : *batch) {
      std::visit(
          [](auto& job) {
            if (const auto call = job.call.lock()) call->answer(*std::move(job.answer));
          },
          entry.job);
    }
    self->busy_ = false;
    self->begin();
  });
}

}  // namespace zl::sim
