// The use case of checking one's children in by scanning the code at the door of a session.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "app/catalogue.hpp"
#include "app/check_in.hpp"
#include "app/family_store.hpp"
#include "app/gate_clock.hpp"

namespace zl::app {

class SelfCheckIn {
 public:
  SelfCheckIn(FamilyStore& family, CheckInDesk& door, const CatalogueHolder& catalogue, const GateClock& time,
              int offset_minutes)
      : family_(family), door_(door), catalogue_(catalogue), time_(time), offset_minutes_(offset_minutes) {}

  /// Checks in every child of the user that is booked in the session, and says of each what came of it. The rules are
  /// the door's; where staff would look, a session that is over is over. Repeated with the same key it says the same.
  asio::awaitable<std::string> operator()(base::UserId user, base::SessionId session, std::string key, Actor actor);

 private:
  asio::awaitable<std::string> enter(FamilySeat seat, base::SessionId session, std::string key, Actor actor);
  /// Why nobody can be checked in now; empty where they can.
  std::string closed_because(const domain::Activity& activity, const domain::Session& meeting) const;

  FamilyStore& family_;
  CheckInDesk& door_;
  const CatalogueHolder& catalogue_;
  const GateClock& time_;
  const int offset_minutes_;
};

}  // namespace zl::app
