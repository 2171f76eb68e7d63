// The words of a rush: what is offered, who presses, what each press was answered, what the roster says afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zl::rush {

/// Instants are UTC milliseconds of the server's clock, days are counted from 1970-01-01 in the town's time.
using Instant = std::int64_t;
using Day = std::int32_t;

struct Session {
  Instant starts_at = 0;
  Instant ends_at = 0;  ///< half-open: a session may start when another ends
};

struct Activity {
  std::string id;
  std::string title;
  int capacity = 0;
  int remaining = 0;
  int age_min = 0;
  int age_max = 0;
  Day first_day = 0;  ///< of the first session: ages count on this day
  std::vector<Session> sessions;
};

/// A missing cap is no cap.
struct Rules {
  std::optional<int> max_per_attendee;
  std::optional<int> max_per_user;
  bool forbid_overlap = false;
};

struct Programme {
  std::string id;
  std::string title;
  Instant opens_at = 0;
  Instant release = 0;  ///< what this rush counts from: opens_at, or later where that has passed
  Rules rules;
  std::vector<Activity> activities;
};

struct Child {
  std::string id;  ///< given by the server
  std::string name;
  Day birth_day = 0;
  int wishes = 1;                        ///< how many activities this child wants
  std::vector<std::size_t> preferences;  ///< indices of fitting activities, the dearest first
};

struct Parent {
  std::string openid;
  std::string user_id;  ///< given by the server
  std::string token;
  std::vector<Child> children;
  std::vector<double> presses_ms;  ///< intended moments after the release, ascending
  bool cancels = false;            ///< gives its first seat back at the next moment
};

/// How a press ended for the one who pressed. `unknown` is a client that gave up without a true answer.
enum class Outcome { granted = 1, refused, unknown };

/// One wish for one seat, with every time it was sent. Moments are milliseconds after the release by the server's
/// clock.
struct Press {
  std::size_t activity = 0;
  std::string user_id;
  std::string attendee_id;
  Outcome outcome = Outcome::unknown;
  std::string code;  ///< "granted", the top refusal code, or what went wrong
  double intended_ms = 0;
  double sent_ms = 0;  ///< first sent
  double answered_ms = 0;
  int sends = 0;
  bool told_sold_out = false;          ///< a violation `sold_out` that is not provisional
  std::string booking_id;              ///< of a granted press
  std::optional<Instant> decided_at;   ///< by the receipt
  std::optional<double> cancelled_ms;  ///< when the client read that its booking is cancelled
  bool cancel_unknown = false;         ///< asked to cancel and never heard
};

struct RosterEntry {
  std::size_t activity = 0;
  std::string booking_id;
  std::string user_id;
  std::string attendee_id;
  bool active = true;  ///< false once cancelled
  std::optional<Instant> decided_at;
};

}  // namespace zl::rush
