// Places between two steps of what changes the stores, where a test has the process killed or stopped. Builds with a
// sanitizer (flavours debug, tsan and fuzz) have them; in every other one ZL_CRASH_POINT does nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#ifndef ZL_CRASH_POINTS
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ZL_CRASH_POINTS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ZL_CRASH_POINTS 1
#endif
#endif
#endif

#if defined(ZL_CRASH_POINTS) && ZL_CRASH_POINTS
/// The name is one of crash_points; another one does not compile.
#define ZL_CRASH_POINT(name) ::zl::base::pass_crash_point<::zl::base::crash_point_named(name)>()
#else
#define ZL_CRASH_POINT(name) static_cast<void>(0)
#endif

namespace zl::base {

/// Of every point the operation that passes it, and what has just been done there. A test visits each.
inline constexpr auto crash_points = std::to_array<std::string_view>({
    "book.place_taken",
    "book.granted",
    "ledger.batch_taken",
    "book.locked",
    "book.each_locked",
    "ledger.commit_under_way",
    "ledger.committed",
    "ledger.answered",
    "book.known",
    "book.confirmed",
    "http.answer_ready",
    "http.answer_sent",
    "book.denied",
    "book.given_back",
    "book.fenced",
    "cancel.found",
    "cancel.locked",
    "cancel.known",
    "cancel.freed",
    "publish.locked",
    "publish.marked",
    "publish.opened",
    "publish.recorded",
    "publish.known",
    "gate.image_read",
    "gate.staged",
    "gate.installed",
    "publish.followed",
    "publish.told",
    "close.closed",
    "close.messages_queued",
    "close.bookings_cancelled",
    "close.recorded",
    "close.known",
    "check_in.asked",
    "check_in.locked",
    "check_in.entered",
    "check_in.written",
    "check_in.known",
    "undo.found",
    "undo.locked",
    "undo.marked",
    "undo.recorded",
    "undo.known",
    "late_grant.heard",
    "late_grant.waited",
    "late_grant.returned",
    "reconcile.fenced",
    "reconcile.returned",
    "message.claimed",
    "message.sent",
    "message.settled",
});

consteval std::size_t crash_point_named(std::string_view name) {
  const auto found = std::ranges::find(crash_points, name);
  if (found == crash_points.end()) throw "crash_points has no such name";
  return static_cast<std::size_t>(found - crash_points.begin());
}

/// Before any thread: orders are read from this file whenever a point is passed: "NAME N kill" or "NAME N stop". The
/// process is killed, or stopped until SIGCONT, when it passes that point for the Nth time since the order was given,
/// and says so on standard error.
void take_crash_orders_from(std::string file);

void obey_crash_order(std::size_t point);

template <std::size_t point>
void pass_crash_point() {
  obey_crash_order(point);
}

}  // namespace zl::base
