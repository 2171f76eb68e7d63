// Port: stations, programmes and activities in MySQL, and the feed that tells of their changes.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "base/id.hpp"
#include "base/outcome.hpp"
#include "domain/catalogue.hpp"

namespace zl::app {

/// Marks a creating call so that the same call made again gives the first thing again.
struct CreationMark {
  base::Bytes16 key{};                          ///< HMAC of caller, route and Idempotency-Key
  std::array<std::uint8_t, 32> content_hash{};  ///< SHA-256 of the body as received
};

/// Something was created, or found again by its CreationMark.
template <class T>
struct Created {
  T value;
  bool earlier = false;
};

struct CatalogueContent {
  std::vector<domain::Station> stations;
  std::vector<domain::Programme> programmes;
  std::vector<domain::Activity> activities;  ///< drafts too
};

/// One programme with its activities.
struct ProgrammeContent {
  domain::Programme programme;
  std::vector<domain::Activity> activities;
};

enum class ChangeKind { station = 1, programme, account, attendee, token };

/// A row of the numbered change table. `subject` is the id of the thing that changed.
struct Change {
  std::uint64_t seq = 0;
  ChangeKind kind = ChangeKind::station;
  base::Bytes16 subject{};
  std::uint64_t number = 0;  ///< account: its version; token: its expiry in unix ms; else 0
};

/// All writes are audited and leave a row in the change table in their own transaction. Writes with an expected version
/// are Refused{version_mismatch} where the row has another; unknown ids are Refused{not_found}. The same CreationMark
/// with other content is Refused{idempotency_conflict}.
class CatalogueStore {
 public:
  virtual ~CatalogueStore() = default;

  virtual asio::awaitable<base::Outcome<CatalogueContent>> load() = 0;
  virtual asio::awaitable<base::Outcome<std::vector<domain::Station>>> load_stations() = 0;
  virtual asio::awaitable<base::Outcome<ProgrammeContent>> load_programme(const base::ProgrammeId& id) = 0;

  virtual asio::awaitable<base::Outcome<Created<domain::Station>>> create_station(const domain::Station& station,
                                                                                  const Actor& actor,
                                                                                  std::optional<CreationMark> mark) = 0;
  virtual asio::awaitable<base::Outcome<domain::Station>> update_station(const domain::Station& station,
                                                                         std::uint64_t expected_version,
                                                                         const Actor& actor) = 0;

  virtual asio::awaitable<base::Outcome<Created<domain::Programme>>> create_programme(
      const domain::Programme& programme, const Actor& actor, std::optional<CreationMark> mark) = 0;
  /// A change of times or rules is Refused{invalid_state} while a booking of the programme is active; it fences every
  /// grant given so far.
  virtual asio::awaitable<base::Outcome<domain::Programme>> update_programme(const domain::Programme& programme,
                                                                             std::uint64_t expected_version,
                                                                             const Actor& actor) = 0;

  virtual asio::awaitable<base::Outcome<Created<domain::Activity>>> create_activity(
      const domain::Activity& activity, const Actor& actor, std::optional<CreationMark> mark) = 0;
  /// Capacity below what is taken is Refused{invalid_state}, and so are a change of sessions or ages while a booking of
  /// the activity is active, and any change of a cancelled activity. Where it is published, a
  /// change of sessions or ages and a lowered capacity fence every grant given so far.
  virtual asio::awaitable<base::Outcome<domain::Activity>> update_activity(const domain::Activity& activity,
                                                                           std::uint64_t expected_version,
                                                                           const Actor& actor) = 0;
  /// draft → published; published again is done. Refused{invalid_state} where cancelled.
  virtual asio::awaitable<base::Outcome<domain::Activity>> publish(const base::ActivityId& id, const Actor& actor) = 0;
  /// Clears the open mark and cancels every active booking, each with its outbox row. Cancelled again is done.
  virtual asio::awaitable<base::Outcome<domain::Activity>> cancel(const base::ActivityId& id, const std::string& reason,
                                                                  const Actor& actor, base::Instant now) = 0;
};

/// The numbered change table. A transaction may commit a lower number after a higher one was read, so readers look
/// again at the recent past: `changes_since(seq)` may repeat what was told before.
class ChangeFeed {
 public:
  virtual ~ChangeFeed() = default;

  /// Rows with a number above `seq`, ascending.
  virtual asio::awaitable<base::Outcome<std::vector<Change>>> changes_since(std::uint64_t seq, std::size_t limit) = 0;

  /// The highest number so far; 0 in an empty table.
  virtual asio::awaitable<base::Outcome<std::uint64_t>> newest() = 0;
};

}  // namespace zl::app
