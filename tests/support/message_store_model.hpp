// The outbox as a model: the rules of app::MessageStore in values, on a clock that the test moves, and calls that fare
// as the test says.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/message_store.hpp"
#include "support/fate.hpp"
#include "support/manual_clock.hpp"
#include "support/sample_message.hpp"

namespace zl::test {

class MessageStoreModel final : public app::MessageStore {
  Trace trace_;  // before the calls, which write into it

 public:
  struct Row {
    app::ClaimedMessage message;
    domain::MessageState state = domain::MessageState::queued;
    base::Instant next_attempt_at;
    std::optional<base::Instant> in_doubt_since;
    std::optional<app::Channel> channel;
    std::string message_id;
    int error = 0;
  };

  explicit MessageStoreModel(ManualClock& clock) : clock_(clock) {}

  /// Queues a message of a user's; ids and times go up.
  Row& add(domain::MessageKind kind, std::uint64_t user) {
    Row row;
    row.message = sample_message(kind);
    row.message.id = id_of<app::MessageId>(rows.size() + 1);
    row.message.created_at = clock_.wall_now();
    row.next_attempt_at = clock_.wall_now();
    row.message.recipient.user_id = id_of<base::UserId>(user);
    row.message.recipient.openid = "o" + std::to_string(user);
    rows.push_back(std::move(row));
    return rows.back();
  }

  app::asio::awaitable<base::Outcome<bool>> lead() override {
    return serve<bool>(lead_calls, [this] { return leads; });
  }
  app::asio::awaitable<base::Outcome<std::size_t>> collect_booked() override {
    return serve<std::size_t>(collect_calls, [] { return std::size_t{0}; });
  }
  app::asio::awaitable<base::Outcome<std::size_t>> remind(std::string name, domain::Interval day) override {
    return serve<std::size_t>(remind_calls, [this, name = std::move(name), day]() -> base::Outcome<std::size_t> {
      const bool is_new = reminded.emplace(name, day).second;
      return std::size_t{is_new ? 3U : 0U};
    });
  }

  app::asio::awaitable<base::Outcome<std::optional<app::ClaimedMessage>>> claim() override {
    return serve<std::optional<app::ClaimedMessage>>(claim_calls, [this] { return claim_next(); });
  }

  app::asio::awaitable<base::Outcome<bool>> settle(app::Settlement settlement) override {
    return serve<bool>(settle_calls, [this, settlement = std::move(settlement)] { return settle_now(settlement); });
  }

  app::asio::awaitable<base::Outcome<std::vector<app::ReceiptEffect>>> add_receipts(
      std::string openid, std::vector<app::DeliveryReport> reports) override {
    (void)openid;
    (void)reports;
    co_return std::vector<app::ReceiptEffect>{};
  }
  app::asio::awaitable<base::Outcome<std::uint64_t>> retry_silent_offers(base::Milliseconds patience) override {
    return serve<std::uint64_t>(silent_calls, [this, patience] {
      std::uint64_t silent = 0;
      for (Row& row : rows) {
        const bool waits = row.message.kind == domain::MessageKind::offer &&
                           row.state == domain::MessageState::accepted && row.channel != app::Channel::sms;
        if (!waits || clock_.wall_now() - row.next_attempt_at < patience) continue;
        row.state = domain::MessageState::queued;
        row.message.failed = row.message.failed.with(*row.channel);
        row.in_doubt_since.reset();
        row.next_attempt_at = clock_.wall_now();
        ++silent;
      }
      return silent;
    });
  }
  app::asio::awaitable<base::Outcome<base::Done>> change_consents(std::string openid,
                                                                  std::vector<app::ConsentChange> changes,
                                                                  std::string push_key) override {
    (void)openid;
    (void)push_key;
    (void)changes;
    co_return base::Done{};
  }
  app::asio::awaitable<base::Outcome<std::uint64_t>> purge() override {
    return serve<std::uint64_t>(purge_calls, [] { return std::uint64_t{0}; });
  }
  app::asio::awaitable<base::Outcome<base::Done>> set_following(std::string openid, bool follows,
                                                                std::int64_t told_s) override {
    (void)openid;
    (void)told_s;
    (void)follows;
    co_return base::Done{};
  }

  /// As if it had been claimed so often.
  void set_attempts(app::MessageId id, std::uint32_t attempts) { attempts_[id] = attempts; }

  std::vector<Row> rows;
  bool leads = true;
  std::map<std::string, domain::Interval> reminded;

  Calls lead_calls{trace_, "lead"};
  Calls collect_calls{trace_, "collect"};
  Calls remind_calls{trace_, "remind"};
  Calls claim_calls{trace_, "claim"};
  Calls settle_calls{trace_, "settle"};
  Calls silent_calls{trace_, "silent"};
  Calls purge_calls{trace_, "purge"};

 private:
  static constexpr std::chrono::minutes claim_time{1};

  /// Waits for nothing of its user's and holds nothing up.
  static bool passes(const Row& row) {
    return row.message.kind == domain::MessageKind::offer ||
           row.message.kind == domain::MessageKind::cancelled_by_station;
  }

  bool has_turn(const Row& row) const {
    if (row.state != domain::MessageState::queued || row.next_attempt_at > clock_.wall_now()) return false;
    if (passes(row)) return true;
    return std::ranges::none_of(rows, [&](const Row& other) {
      if (passes(other) || other.state != domain::MessageState::queued) return false;
      const bool holds_up = row.message.kind != domain::MessageKind::session_changed ||
                            other.next_attempt_at <= clock_.wall_now() + claim_time;
      return holds_up && other.message.id < row.message.id &&
             other.message.recipient.user_id == row.message.recipient.user_id;
    });
  }

  std::optional<app::ClaimedMessage> claim_next() {
    const auto found = std::ranges::find_if(rows, [this](const Row& row) { return has_turn(row); });
    if (found == rows.end()) return std::nullopt;
    const base::Instant now = clock_.wall_now();
    app::ClaimedMessage& message = found->message;
    message.now = now;
    message.in_doubt_for.reset();
    if (found->in_doubt_since) message.in_doubt_for = now - *found->in_doubt_since;
    if (!found->in_doubt_since) found->in_doubt_since = now;
    message.attempt = ++attempts_[message.id];
    found->next_attempt_at = now + claim_time;
    return message;
  }

  bool settle_now(const app::Settlement& settlement) {
    const auto found = std::ranges::find_if(rows, [&](const Row& row) { return row.message.id == settlement.id; });
    if (found->state != domain::MessageState::queued || attempts_[settlement.id] != settlement.attempt) return false;
    found->state = settlement.state;
    found->next_attempt_at = clock_.wall_now() + settlement.wait;
    if (!settlement.in_doubt) found->in_doubt_since.reset();
    found->message.failed = settlement.failed;
    if (settlement.channel) found->channel = settlement.channel;
    found->message_id = settlement.message_id;
    found->error = settlement.error;
    if (settlement.unfollowed) found->message.recipient.follows = false;
    return true;
  }

  ManualClock& clock_;
  std::map<app::MessageId, std::uint32_t> attempts_;
};

}  // namespace zl::test
