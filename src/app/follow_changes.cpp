#include "app/follow_changes.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr std::chrono::seconds poll_interval{1};
constexpr std::size_t changes_at_once = 1000;

// A transaction may commit a lower number after a higher one was read; none stays open longer than this.
constexpr std::chrono::seconds straggler_time{15};

}  // namespace

asio::awaitable<base::Outcome<base::Done>> FollowChanges::load() {
  // The feed's position first: what changes during the load is then told again.
  const base::Outcome<std::uint64_t> newest = co_await parts_.feed.newest();
  if (!newest) co_return newest.as<base::Done>();
  settled_ = *newest > changes_at_once ? *newest - changes_at_once : 0;

  base::Outcome<CatalogueContent> content = co_await parts_.store.load();
  if (!content) co_return content.as<base::Done>();
  parts_.catalogue.update([&content](const Catalogue&) { return Catalogue(std::move(*content)); });

  const base::Instant now = parts_.clock.wall_now();
  const base::Outcome<VoidedTokens> voided = co_await parts_.accounts.voided_since(now - parts_.longest_token);
  if (!voided) co_return voided.as<base::Done>();
  for (const auto& raised : voided->raised) parts_.voided.raise(raised.account_id, raised.version, now);
  for (const auto& ended : voided->ended) parts_.voided.end(ended.token_id, ended.expires_at);
  co_return base::Done{};
}

asio::awaitable<void> FollowChanges::keep() {
  while (!parts_.group.stopping()) {
    co_await poll();
    parts_.voided.forget_expired(parts_.clock.wall_now(), parts_.longest_token);
    co_await woken_.wait(poll_interval);
    woken_.reset();
  }
}

bool FollowChanges::is_new(const Change& change) {
  if (!recent_seqs_.insert(change.seq).second) return false;
  recent_.push_back({change.seq, parts_.clock.steady_now()});
  return true;
}

asio::awaitable<void> FollowChanges::poll() {
  const base::Outcome<std::vector<Change>> changes = co_await parts_.feed.changes_since(settled_, changes_at_once * 10);
  if (!changes) co_return;

  for (const Change& change : *changes) {
    if (!is_new(change)) continue;
    if (change.kind == ChangeKind::programme) {
      unread_programmes_.insert(change.subject);
    } else if (change.kind == ChangeKind::station) {
      unread_stations_ = true;
    } else {
      apply(change);
    }
  }
  if (unread_stations_) unread_stations_ = !co_await refresh_stations();
  for (auto id = unread_programmes_.begin(); id != unread_programmes_.end();) {
    const bool read = co_await refresh_programme({*id});
    id = read ? unread_programmes_.erase(id) : std::next(id);
  }

  const base::SteadyTime now = parts_.clock.steady_now();
  while (!recent_.empty() && now - recent_.front().at > straggler_time) {
    settled_ = std::max(settled_, recent_.front().seq);
    recent_.pop_front();
  }
  recent_seqs_.erase(recent_seqs_.begin(), recent_seqs_.upper_bound(settled_));
}

void FollowChanges::apply(const Change& change) {
  switch (change.kind) {
    case ChangeKind::account:
      parts_.voided.raise({change.subject}, static_cast<std::uint32_t>(change.number), parts_.clock.wall_now());
      return;
    case ChangeKind::token:
      parts_.voided.end({change.subject}, {static_cast<std::int64_t>(change.number)});
      return;
    case ChangeKind::attendee:
      parts_.attendees.forget({change.subject});
      return;
    case ChangeKind::station:
    case ChangeKind::programme:
      return;  // read as a whole by poll()
  }
}

asio::awaitable<bool> FollowChanges::refresh_programme(base::ProgrammeId id) {
  base::Outcome<ProgrammeContent> content = co_await parts_.store.load_programme(id);
  if (!content) {
    runtime::log::warning("programme_not_read", {{"programme_id", id.hex()}});
    co_return content.is_refused() && content.refused().code == base::Code::not_found;
  }
  parts_.catalogue.update([&content](const Catalogue& now) { return now.with_programme(std::move(*content)); });
  co_return true;
}

asio::awaitable<bool> FollowChanges::refresh_stations() {
  base::Outcome<std::vector<domain::Station>> stations = co_await parts_.store.load_stations();
  if (!stations) {
    runtime::log::warning("stations_not_read");
    co_return false;
  }
  parts_.catalogue.update([&stations](const Catalogue& now) { return now.with_stations(std::move(*stations)); });
  co_return true;
}

}  // namespace zl::app
