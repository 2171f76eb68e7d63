// The use case of QR codes: a station's to hang at its door, a session's to let those in who booked it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "app/access.hpp"
#include "app/catalogue.hpp"
#include "app/scene_codes.hpp"
#include "base/clock.hpp"

namespace zl::app {

class ShowSceneCode {
 public:
  ShowSceneCode(SceneCodes& codes, const CatalogueHolder& catalogue, const base::Clock& clock)
      : codes_(codes), catalogue_(catalogue), clock_(clock) {}

  /// A session's code outlives its end by this: who comes late to the scanning still gets words, not silence.
  static constexpr base::Milliseconds after_end = std::chrono::hours(1);

  /// The station's permanent code. Refused as SceneCodes does, and: not_found, forbidden.
  asio::awaitable<base::Outcome<SceneCode>> of_station(base::StationId id, Claims who);

  /// The session's code; at most the platform's longest lifetime, so a session further away needs another one later.
  /// Refused likewise, and: invalid_state where the session is over or cancelled.
  asio::awaitable<base::Outcome<SceneCode>> of_session(base::SessionId id, Claims who);

 private:
  SceneCodes& codes_;
  const CatalogueHolder& catalogue_;
  const base::Clock& clock_;
};

}  // namespace zl::app
