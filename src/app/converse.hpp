// What the chat answers: to words, to the menu, to scanned codes, and to those who begin to follow.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/booking_ledger.hpp"
#include "app/cancel_booking.hpp"
#include "app/catalogue.hpp"
#include "app/gate_clock.hpp"
#include "app/identity_store.hpp"
#include "app/people_store.hpp"
#include "app/platform_messages.hpp"
#include "app/push_store.hpp"
#include "app/said_words.hpp"
#include "app/self_check_in.hpp"
#include "base/clock.hpp"

namespace zl::app {

/// Keys of the menu's buttons.
inline constexpr std::string_view menu_my_bookings = "my_bookings";
inline constexpr std::string_view menu_today = "today";
inline constexpr std::string_view menu_help = "help";

class Converse {
 public:
  struct Parts {
    IdentityStore& identities;
    PushStore& pushes;
    PeopleStore& people;
    BookingLedger& ledger;
    CancelBooking& cancel;
    SelfCheckIn& check_in;
    const CatalogueHolder& catalogue;
    const GateClock& time;
    const base::Clock& clock;
    int offset_minutes = 0;
    std::string page_url;  ///< where people book; may be empty
  };

  explicit Converse(Parts parts) : parts_(std::move(parts)) {}

  // Each gives the words to answer with, empty for none, at most reply_limit_bytes. What went wrong is said in them; a
  // repetition of the push does what it says once. `push` outlives the call.
  using Words = asio::awaitable<std::string>;
  Words said(const Push& push, std::string_view text, std::string request_id);
  Words pressed(const Push& push, std::string_view key);
  Words scanned(const Push& push, std::string_view scene, std::string request_id);
  Words followed(const Push& push, std::string_view scene, std::string request_id);

  /// What can be asked for.
  std::string help() const;

  /// The scene where it is a station's or a session's that there is, else empty: what may be counted by.
  std::string known_scene(std::string_view scene) const;

 private:
  /// A booking that still lies ahead.
  struct Ahead {
    domain::Booking booking;
    std::string line;         ///< what and when, and whose it is
    base::Instant starts_at;  ///< of its next session
    bool can_be_cancelled = false;
  };

  /// The user; nothing, and the words why not.
  asio::awaitable<std::optional<domain::User>> user_of(const Push& push, std::string& why_not);
  /// What the user has booked and lies ahead, by time; nothing where it can't be read.
  asio::awaitable<std::optional<std::vector<Ahead>>> ahead_of(base::UserId user);
  /// "，小明"; empty where it can't be told.
  asio::awaitable<std::string> name_of(base::UserId user, base::AttendeeId attendee);
  std::optional<Ahead> ahead(const Catalogue& catalogue, const domain::Booking& booking, base::Instant now) const;

  Words my_bookings(const Push& push);
  Words list_for_cancelling(const Push& push);
  Words cancel(const Push& push, int number, std::string request_id);
  Words check_in(const Push& push, base::SessionId session, std::string request_id);
  /// Today's sessions, of one station and its points or of all.
  std::string today(std::optional<base::StationId> station) const;

  Parts parts_;
};

}  // namespace zl::app
