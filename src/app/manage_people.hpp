// The use cases of a guardian: who they are, and their attendees.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "app/attendee_cache.hpp"
#include "app/gate.hpp"
#include "app/gate_clock.hpp"
#include "app/people_store.hpp"
#include "base/random.hpp"

namespace zl::app {

struct Me {
  domain::User user;
  std::vector<domain::Attendee> attendees;
};

class ManagePeople {
 public:
  ManagePeople(PeopleStore& people, Gate& gate, AttendeeCache& cache, const GateClock& time, base::Random& random,
               int offset_minutes)
      : people_(people), gate_(gate), cache_(cache), time_(time), random_(random), offset_minutes_(offset_minutes) {}

  template <class T>
  using Answer = asio::awaitable<base::Outcome<T>>;

  Answer<Me> me(base::UserId user);

  /// Refused: see PeopleStore; invalid_request with the fields.
  Answer<Created<domain::Attendee>> create(base::UserId user, domain::Attendee attendee, Actor actor,
                                           std::optional<CreationMark> mark);
  /// One of the user's attendees; Refused{not_found} for anybody else's.
  Answer<domain::Attendee> find(base::UserId user, base::AttendeeId id);
  Answer<domain::Attendee> update(base::UserId user, domain::Attendee attendee, std::uint64_t expected_version,
                                  Actor actor);
  Answer<base::Done> remove(base::UserId user, base::AttendeeId id, Actor actor);

 private:
  base::Date today() const;

  PeopleStore& people_;
  Gate& gate_;
  AttendeeCache& cache_;
  const GateClock& time_;
  base::Random& random_;
  const int offset_minutes_;
};

}  // namespace zl::app
