// What one parent does: opens the page before the release, presses at the moments drawn for it, looks where seats are
// left after a refusal, and tries again what was not answered.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "rush/http_client.hpp"
#include "rush/model.hpp"
#include "rush/server_clock.hpp"
#include "rush/statistics.hpp"

namespace zl::rush {

/// What all parents share during a rush; it only reads.
struct Stage {
  const Programme& programme;
  const ServerClock& clock;
  bool retry = false;           ///< repeat what was not answered or has Retry-After, with the same key
  double patience_ms = 60'000;  ///< no repetition later than this after the intended moment
};

/// What one parent leaves behind.
struct Diary {
  std::vector<Press> presses;
  std::vector<Look> looks;
};

/// Presses happen at their intended moments, whether or not the answers before them were quick; one that must wait for
/// its connection counts from its intended moment.
boost::asio::awaitable<void> take_part(HttpClient& client, const Parent& parent, const Stage& stage, Diary& diary);

}  // namespace zl::rush
