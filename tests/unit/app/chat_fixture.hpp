// A town whose parents chat: the engine on fake stores, and what the chat needs beside it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/converse.hpp"
#include "app/handle_push.hpp"
#include "app/reply_text.hpp"
#include "app/scenes.hpp"
#include "base/text.hpp"
#include "support/engine.hpp"

namespace zl::test {

/// "o1" is the account of user 1, and so on, as long as it is bound.
class FakeIdentities final : public app::IdentityStore {
 public:
  explicit FakeIdentities(Trace& trace)
      : unbind_calls(trace, "identities.unbind"),
        rebind_calls(trace, "identities.rebind"),
        user_calls(trace, "identities.user_of") {}

  Answer<domain::User> sign_in(app::PlatformIdentity) override { co_return base::Code::internal; }
  Answer<base::Done> unbind(std::string openid, std::int64_t told_s) override {
    return serve<base::Done>(unbind_calls, [this, openid, told_s] {
      told_at.push_back(told_s);
      bound.erase(openid);
      return base::Outcome<base::Done>(base::Done{});
    });
  }
  Answer<base::Done> rebind(std::string, std::int64_t told_s) override {
    return serve<base::Done>(rebind_calls, [this, told_s] {
      told_at.push_back(told_s);
      return base::Outcome<base::Done>(base::Done{});
    });
  }
  Answer<std::optional<base::UserId>> user_of(std::string openid) override {
    using Found = std::optional<base::UserId>;
    return serve<Found>(user_calls, [this, openid] {
      const auto found = bound.find(openid);
      return base::Outcome<Found>(found == bound.end() ? Found() : Found(found->second));
    });
  }
  Answer<std::optional<std::string>> openid_of(base::UserId) override { co_return base::Code::internal; }
  Answer<std::uint64_t> wipe(base::Instant) override { co_return base::Code::internal; }

  std::map<std::string, base::UserId> bound;
  std::vector<std::int64_t> told_at;
  Calls unbind_calls;
  Calls rebind_calls;
  Calls user_calls;
};

/// Users and their children by name; signs nobody in and changes nobody.
class ChatPeople final : public app::PeopleStore {
 public:
  explicit ChatPeople(Trace& trace) : attendees_calls(trace, "people.attendees_of") {}

  Answer<domain::User> sign_in(const std::string&, const std::string&) override { co_return base::Code::internal; }
  Answer<std::optional<domain::User>> find_user(const base::UserId& id) override {
    domain::User user{id, "妈妈", 1, blocked.contains(id)};
    co_return std::optional(user);
  }
  Answer<std::vector<domain::Attendee>> attendees_of(const base::UserId& id) override {
    return serve<std::vector<domain::Attendee>>(
        attendees_calls, [this, id] { return base::Outcome<std::vector<domain::Attendee>>(children[id]); });
  }
  Answer<std::optional<app::AttendeeFacts>> facts(const base::AttendeeId&) override { co_return base::Code::internal; }
  Answer<app::Created<domain::Attendee>> create_attendee(const base::UserId&, const domain::Attendee&,
                                                         const app::Actor&, std::optional<app::CreationMark>) override {
    co_return base::Code::internal;
  }
  Answer<domain::Attendee> update_attendee(const base::UserId&, const domain::Attendee&, std::uint64_t,
                                           const app::Actor&) override {
    co_return base::Code::internal;
  }
  Answer<base::Done> delete_attendee(const base::UserId&, const base::AttendeeId&, const app::Actor&) override {
    co_return base::Code::internal;
  }

  std::map<base::UserId, std::vector<domain::Attendee>> children;
  std::set<base::UserId> blocked;
  Calls attendees_calls;
};

/// The seats are the ledger's, of the children that people have.
class FakeFamilies final : public app::FamilyStore {
 public:
  FakeFamilies(Trace& trace, ChatPeople& people, FakeLedger& ledger)
      : calls(trace, "families.seats_in"), people_(people), ledger_(ledger) {}

  Answer<std::vector<app::FamilySeat>> seats_in(base::UserId user, base::ProgrammeId,
                                                base::ActivityId activity) override {
    return serve<std::vector<app::FamilySeat>>(calls, [this, user, activity] {
      std::vector<app::FamilySeat> seats;
      for (const domain::Attendee& child : people_.children[user]) {
        for (std::uint64_t booker = 1; booker <= 9; ++booker) {
          for (const domain::Booking& booking : ledger_.model.of_user(id_of<base::UserId>(booker))) {
            if (booking.attendee_id != child.id || booking.activity_id != activity) continue;
            if (domain::is_active(booking.state)) seats.push_back({booking.id, child.id, child.name});
          }
        }
      }
      return base::Outcome<std::vector<app::FamilySeat>>(seats);
    });
  }

  Calls calls;

 private:
  ChatPeople& people_;
  FakeLedger& ledger_;
};

/// Lets in whoever is booked; the first check-in of a booking stands.
class FakeDoor final : public app::AttendanceStore {
 public:
  explicit FakeDoor(Trace& trace) : check_in_calls(trace, "attendance.check_in") {}

  Answer<app::CheckInResult> check_in(app::CheckInItem item) override {
    return serve<app::CheckInResult>(check_in_calls, [this, item] {
      items.push_back(item);
      const auto [first, made] = entered.emplace(
          item.booking_id, app::CheckIn{item.id, item.booking_id, item.session_id, {}, "", item.at, {}});
      return base::Outcome<app::CheckInResult>(app::CheckInResult{first->second, !made});
    });
  }
  Answer<std::optional<base::ActivityId>> activity_of(const base::CheckInId&) override {
    co_return base::Code::internal;
  }
  Answer<base::Done> undo(const base::CheckInId&, const app::Actor&) override { co_return base::Code::internal; }
  Answer<app::RosterPage> roster(const base::ActivityId&, std::optional<base::BookingId>, std::size_t) override {
    co_return base::Code::internal;
  }
  Answer<app::RosterPage> confirmed(const base::ActivityId&, std::optional<base::BookingId>, std::size_t) override {
    co_return base::Code::internal;
  }

  std::map<base::BookingId, app::CheckIn> entered;
  std::vector<app::CheckInItem> items;
  Calls check_in_calls;
};

/// As the store promises; turns lapse when the test says so.
class FakePushes final : public app::PushStore {
 public:
  explicit FakePushes(Trace& trace)
      : begin_calls(trace, "pushes.begin"),
        finish_calls(trace, "pushes.finish"),
        give_up_calls(trace, "pushes.give_up"),
        remember_calls(trace, "pushes.remember") {}

  struct Row {
    std::uint64_t turn = 0;
    bool taken = false;
    std::optional<std::string> answer;
  };

  Answer<app::PushBegun> begin(std::string key, base::Milliseconds) override {
    return serve<app::PushBegun>(begin_calls, [this, key]() -> base::Outcome<app::PushBegun> {
      Row& row = rows[key];
      if (row.answer) return app::PushBegun{{}, row.answer};
      if (row.taken) return app::PushBegun{};
      row.taken = true;
      return app::PushBegun{app::PushTurn{key, ++row.turn}, {}};
    });
  }
  Answer<std::string> finish(app::PushTurn turn, std::string answer, std::optional<app::FollowCount> count) override {
    return serve<std::string>(finish_calls, [this, turn, answer, count]() -> base::Outcome<std::string> {
      Row& row = rows[turn.key];
      if (row.answer) return *row.answer;
      row.answer = answer;
      if (count) counts.push_back(*count);
      return answer;
    });
  }
  Answer<base::Done> give_up(app::PushTurn turn) override {
    return serve<base::Done>(give_up_calls, [this, turn]() -> base::Outcome<base::Done> {
      rows[turn.key].taken = false;
      return base::Done{};
    });
  }
  Answer<base::Done> remember_choices(std::string openid, std::vector<base::BookingId> chosen_from) override {
    return serve<base::Done>(remember_calls, [this, openid, chosen_from]() -> base::Outcome<base::Done> {
      told[openid] = chosen_from;
      return base::Done{};
    });
  }
  Answer<std::vector<base::BookingId>> choices(std::string openid, base::Instant since) override {
    asked_since = since;
    co_return told[openid];
  }

  std::map<std::string, Row> rows;
  std::map<std::string, std::vector<base::BookingId>> told;
  std::vector<app::FollowCount> counts;
  base::Instant asked_since;
  Calls begin_calls;
  Calls finish_calls;
  Calls give_up_calls;
  Calls remember_calls;
};

class FakeReceipts final : public app::MessageReceipts, public app::Followers {
 public:
  explicit FakeReceipts(Trace& trace) : calls(trace, "receipts") {}

  Answer<base::Done> delivered(std::string openid, std::vector<app::DeliveryReport> given) override {
    return serve<base::Done>(calls, [this, openid, given]() -> base::Outcome<base::Done> {
      for (const app::DeliveryReport& report : given) told.push_back(openid + " " + report.message_id);
      return base::Done{};
    });
  }
  Answer<base::Done> consent_changed(std::string openid, std::vector<app::ConsentChange> given,
                                     std::string push_key) override {
    return serve<base::Done>(calls, [this, openid, given, push_key]() -> base::Outcome<base::Done> {
      push_keys.push_back(push_key);
      for (const app::ConsentChange& change : given) told.push_back(openid + " " + change.template_id);
      return base::Done{};
    });
  }

  Answer<base::Done> set_following(std::string openid, bool follows, std::int64_t told_s) override {
    return serve<base::Done>(calls, [this, openid, follows, told_s]() -> base::Outcome<base::Done> {
      told_at.push_back(told_s);
      told.push_back(openid + (follows ? " follows" : " left"));
      return base::Done{};
    });
  }

  std::vector<std::string> told;
  std::vector<std::string> push_keys;
  std::vector<std::int64_t> told_at;
  Calls calls;
};

/// Users 1 and 2 have a child each, 小一 and 小二; user 1 has booked activity 1 and 2, on 20 July at 10:00 and 11:00.
class ChatTest : public testing::Test {
 protected:
  ChatTest() {
    programme.rules.cancel_hours = 24;
    engine.put(programme);
    engine.put(sample_activity(1, 5));
    engine.put(sample_activity(2, 5));
    engine.publish();
    engine.build_gate();
    add_family(1, "小一");
    add_family(2, "小二");
    book(1, 1);
    book(1, 2);
    engine.trace.clear();
  }

  void add_family(std::uint64_t number, const std::string& name) {
    engine.add_child(number);
    identities.bound["o" + std::to_string(number)] = id_of<base::UserId>(number);
    add_child(number, number, name);
  }
  void add_child(std::uint64_t user, std::uint64_t child, const std::string& name) {
    domain::Attendee attendee;
    attendee.id = id_of<base::AttendeeId>(child);
    attendee.name = name;
    people.children[id_of<base::UserId>(user)].push_back(attendee);
  }
  base::BookingId book(std::uint64_t child, std::uint64_t activity) {
    const std::string key = "key-of-" + std::to_string(activity);
    if (!engine.run(engine.press(child, activity, key))) ADD_FAILURE() << "not booked";
    return engine.booking_id(child, key);
  }
  domain::BookingState state_of(const base::BookingId& id) { return engine.run(engine.ledger.find(id)).value()->state; }

  void set_time(base::Instant now) {
    engine.set_time(now);
    EXPECT_TRUE(engine.run(engine.time.synchronise(engine.gate)));
    engine.trace.clear();
  }
  /// Minutes from the start of activity 1.
  void set_time(int minutes) { set_time(start + std::chrono::minutes(minutes)); }

  app::Push push(app::PushContent content, const std::string& openid = "o1") {
    return {"m" + std::to_string(++pushes_made), openid, "gh_1", 0, std::move(content)};
  }
  std::string words(app::Push pushed) {
    const base::Outcome<std::string> answer = engine.run(handle(std::move(pushed), "request"));
    EXPECT_TRUE(answer);
    if (!answer) return "?";
    EXPECT_LE(answer->size(), app::reply_limit_bytes);
    EXPECT_TRUE(base::utf8_length(*answer));
    return *answer;
  }
  std::string say(const std::string& text, const std::string& openid = "o1") {
    return words(push(app::Said{text}, openid));
  }
  std::string scan(const std::string& scene, const std::string& openid = "o1") {
    return words(push(app::Scanned{scene}, openid));
  }
  std::string scan_session(std::uint64_t number, const std::string& openid = "o1") {
    return scan(app::scene_name(id_of<base::SessionId>(number)), openid);
  }

  const base::Instant start = sample_activity(1, 1).first_start();
  const std::string station_scene = app::scene_name(id_of<base::StationId>(1));
  Engine engine;
  domain::Programme programme = sample_programme();
  FakeIdentities identities{engine.trace};
  ChatPeople people{engine.trace};
  FakeFamilies families{engine.trace, people, engine.ledger};
  FakeDoor attendance{engine.trace};
  FakePushes pushes{engine.trace};
  FakeReceipts receipts{engine.trace};
  class NoRandom final : public base::Random {
    void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{7}); }
  } random;
  app::CheckInDesk door{attendance, engine.catalogue, engine.ids, engine.time, random, std::chrono::hours(2)};
  app::SelfCheckIn check_in{families, door, engine.catalogue, engine.time, town_offset_minutes};
  app::Converse converse{{identities, pushes, people, engine.ledger, engine.cancel, check_in, engine.catalogue,
                          engine.time, engine.clock, town_offset_minutes, "https://zl.example"}};
  app::PushTimes times{base::Milliseconds(1000), base::Milliseconds(20), base::Milliseconds(1)};
  app::HandlePush handle{{pushes, converse, identities, &receipts, &receipts, engine.time, town_offset_minutes,
                          engine.group, engine.clock, app::PushMetrics::of(engine.metrics), times}};
  int pushes_made = 0;
};

}  // namespace zl::test
