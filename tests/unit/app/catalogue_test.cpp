#include "app/catalogue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/samples.hpp"

namespace zl::app {
namespace {

using std::chrono::hours;
using test::id_of;
using test::sample_activity;
using test::sample_programme;

domain::Station a_station(std::uint64_t number, const char* name) {
  domain::Station made;
  made.id = id_of<base::StationId>(number);
  made.name = name;
  return made;
}

CatalogueContent sample() {
  return {{a_station(1, "钟楼")}, {sample_programme()}, {sample_activity(2, 20), sample_activity(1, 10)}};
}

ProgrammeContent changed(std::uint64_t version, int capacity) {
  ProgrammeContent content{sample_programme(), {sample_activity(1, capacity), sample_activity(2, 20)}};
  content.activities[0].version = version;
  return content;
}

TEST(Catalogue, finds_what_was_read) {
  const Catalogue catalogue(sample());
  const ActivityEntry* entry = catalogue.activity(id_of<base::ActivityId>(1));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->activity.capacity, 10);
  EXPECT_EQ(entry->programme->id, sample_programme().id);
  EXPECT_EQ(entry->station->name, "钟楼");
  EXPECT_EQ(catalogue.activity_of(id_of<base::SessionId>(2))->activity.id, id_of<base::ActivityId>(2));
  EXPECT_EQ(catalogue.station(id_of<base::StationId>(1))->name, "钟楼");
  EXPECT_EQ(catalogue.programme(sample_programme().id)->activities.size(), 2U);
}

TEST(Catalogue, finds_nothing_else) {
  const Catalogue catalogue(sample());
  EXPECT_EQ(catalogue.activity(id_of<base::ActivityId>(9)), nullptr);
  EXPECT_EQ(catalogue.programme(id_of<base::ProgrammeId>(9)), nullptr);
  EXPECT_EQ(catalogue.station(id_of<base::StationId>(9)), nullptr);
  EXPECT_EQ(catalogue.activity_of(id_of<base::SessionId>(9)), nullptr);
  EXPECT_EQ(Catalogue().activity(id_of<base::ActivityId>(1)), nullptr);
}

TEST(Catalogue, lists_in_the_order_of_first_start_and_id) {
  CatalogueContent content = sample();
  domain::Activity twin = sample_activity(7, 5);
  twin.sessions = sample_activity(1, 5).sessions;
  twin.id = id_of<base::ActivityId>(0);
  content.activities.push_back(twin);
  const Catalogue catalogue(content);
  std::vector<base::ActivityId> order;
  for (const auto& entry : catalogue.activities()) order.push_back(entry->activity.id);
  EXPECT_EQ(order, (std::vector{id_of<base::ActivityId>(0), id_of<base::ActivityId>(1), id_of<base::ActivityId>(2)}));
}

TEST(Catalogue, counts_published_activities_only_as_published) {
  CatalogueContent content = sample();
  content.activities[0].publication = domain::Publication::draft;
  const Catalogue catalogue(content);
  EXPECT_EQ(catalogue.programme(sample_programme().id)->published(), std::vector{id_of<base::ActivityId>(1)});
}

TEST(Catalogue, tells_remaining_by_the_ledger_until_the_gate_is_heard) {
  CatalogueContent content = sample();
  content.activities[1].seats_taken = 4;
  const Catalogue catalogue(content);
  const ActivityEntry* entry = catalogue.activity(id_of<base::ActivityId>(1));
  EXPECT_EQ(entry->remaining(), 6);
  entry->seats->learn({entry->activity.id, {1, 1}, 9, 10}, {});
  EXPECT_EQ(entry->remaining(), 1);
}

TEST(Catalogue, takes_a_changed_programme_and_keeps_what_is_known_of_seats) {
  const Catalogue before(sample());
  before.activity(id_of<base::ActivityId>(1))->seats->learn({id_of<base::ActivityId>(1), {1, 1}, 10, 10}, {});
  const Catalogue after = before.with_programme(changed(2, 15));
  EXPECT_EQ(after.activity(id_of<base::ActivityId>(1))->activity.capacity, 15);
  EXPECT_EQ(after.activity(id_of<base::ActivityId>(1))->seats, before.activity(id_of<base::ActivityId>(1))->seats);
  EXPECT_EQ(before.activity(id_of<base::ActivityId>(1))->activity.capacity, 10) << "a snapshot never changes";
}

TEST(Catalogue, leaves_out_what_was_read_before_something_newer) {
  const Catalogue newer = Catalogue(sample()).with_programme(changed(3, 15));
  EXPECT_EQ(newer.with_programme(changed(2, 12)).activity(id_of<base::ActivityId>(1))->activity.capacity, 15);
  EXPECT_EQ(newer.with_programme(changed(3, 16)).activity(id_of<base::ActivityId>(1))->activity.capacity, 16);
  ProgrammeContent without_the_newest = changed(3, 15);
  without_the_newest.activities.pop_back();
  EXPECT_NE(newer.with_programme(without_the_newest).activity(id_of<base::ActivityId>(2)), nullptr);
}

TEST(Catalogue, adds_programmes_and_activities) {
  ProgrammeContent content = changed(1, 10);
  content.activities.push_back(sample_activity(3, 30));
  domain::Programme other = sample_programme();
  other.id = id_of<base::ProgrammeId>(2);
  domain::Activity of_other = sample_activity(4, 5);
  of_other.programme_id = other.id;
  const Catalogue catalogue = Catalogue(sample()).with_programme(content).with_programme({other, {of_other}});
  EXPECT_EQ(catalogue.programmes().size(), 2U);
  EXPECT_EQ(catalogue.activities().size(), 4U);
  EXPECT_EQ(catalogue.activity_of(id_of<base::SessionId>(3))->activity.capacity, 30);
}

TEST(Catalogue, forgets_sessions_that_an_activity_has_lost) {
  ProgrammeContent content = changed(2, 10);
  content.activities[0].sessions[0].id = id_of<base::SessionId>(77);
  const Catalogue catalogue = Catalogue(sample()).with_programme(content);
  EXPECT_EQ(catalogue.activity_of(id_of<base::SessionId>(1)), nullptr);
  EXPECT_NE(catalogue.activity_of(id_of<base::SessionId>(77)), nullptr);
}

TEST(Catalogue, shows_new_stations_everywhere) {
  domain::Station renamed = a_station(1, "新钟楼");
  renamed.version = 2;
  domain::Station point = a_station(2, "点");
  point.parent_id = renamed.id;
  const Catalogue catalogue = Catalogue(sample()).with_stations({renamed, point});
  EXPECT_EQ(catalogue.activity(id_of<base::ActivityId>(1))->station->name, "新钟楼");
  EXPECT_EQ(catalogue.programme(sample_programme().id)->activities[0]->station->name, "新钟楼");
  EXPECT_EQ(catalogue.stations().size(), 2U);
  EXPECT_TRUE(catalogue.within(point.id, renamed.id));
  EXPECT_FALSE(catalogue.within(renamed.id, point.id));
  EXPECT_TRUE(catalogue.within(point.id, point.id));
  EXPECT_EQ(catalogue.with_stations({a_station(1, "钟楼")}).station(renamed.id)->name, "新钟楼") << "older";
}

TEST(Catalogue, gives_the_writers_rules_and_overlaps_of_published_activities) {
  CatalogueContent content = sample();
  content.programmes[0].rules = {2, 4, true, 24};
  for (domain::Activity& activity : content.activities)
    activity.sessions[0].time = content.activities[0].intervals()[0];
  domain::Activity draft = content.activities[0];
  draft.id = id_of<base::ActivityId>(5);
  draft.publication = domain::Publication::draft;
  content.activities.push_back(draft);
  const Catalogue catalogue(content);
  const ActivityPolicy& policy = *catalogue.activity(id_of<base::ActivityId>(1))->policy;
  EXPECT_EQ(policy.rules, content.programmes[0].rules);
  EXPECT_EQ(policy.overlapping, std::vector{id_of<base::ActivityId>(2)});

  content.programmes[0].rules.forbid_overlap = false;
  EXPECT_TRUE(Catalogue(content).activity(id_of<base::ActivityId>(1))->policy->overlapping.empty());
}

TEST(CatalogueHolder, gives_each_reader_the_newest_snapshot) {
  CatalogueHolder holder;
  EXPECT_TRUE(holder.current().activities().empty());
  const auto before = holder.share();
  holder.update([](const Catalogue&) { return Catalogue(sample()); });
  EXPECT_EQ(holder.current().activities().size(), 2U);
  EXPECT_TRUE(before->activities().empty());
  holder.update([](const Catalogue& now) { return now.with_programme(changed(2, 15)); });
  EXPECT_EQ(holder.current().activity(id_of<base::ActivityId>(1))->activity.capacity, 15);
}

TEST(CatalogueHolder, is_not_mistaken_for_another_one) {
  CatalogueHolder one;
  CatalogueHolder other;
  one.update([](const Catalogue&) { return Catalogue(sample()); });
  EXPECT_EQ(one.current().activities().size(), 2U);
  EXPECT_TRUE(other.current().activities().empty());
  EXPECT_EQ(one.current().activities().size(), 2U);
}

TEST(CatalogueHolder, loses_no_update_of_many_threads) {
  CatalogueHolder holder;
  holder.update([](const Catalogue&) { return Catalogue(sample()); });
  std::atomic<bool> done = false;
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done) {
      const std::uint64_t version = holder.current().activity(id_of<base::ActivityId>(1))->activity.version;
      EXPECT_GE(version, last);
      last = version;
    }
  });
  const auto raise = [&holder] {
    for (int i = 0; i < 100; ++i) {
      holder.update([](const Catalogue& now) {
        return now.with_programme(changed(now.activity(id_of<base::ActivityId>(1))->activity.version + 1, 10));
      });
    }
  };
  std::thread first(raise);
  std::thread second(raise);
  first.join();
  second.join();
  done = true;
  reader.join();
  EXPECT_EQ(holder.current().activity(id_of<base::ActivityId>(1))->activity.version, 201U);
}

}  // namespace
}  // namespace zl::app
