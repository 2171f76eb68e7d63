// Stations, programmes and activities on a real MariaDB: what is stored, audited and told to the feed.
#include "store/mysql/catalogue_store.hpp"

#include <algorithm>

#include "catalogue_harness.hpp"
#include "store/mysql/change_feed.hpp"

namespace zl::test {
namespace {

using base::Code;
using base::Outcome;
using mysql::sql;

class CatalogueStoreTest : public CatalogueTest {
 protected:
  app::CreationMark a_mark(std::uint8_t content) {
    app::CreationMark mark;
    random_.fill(mark.key);
    mark.content_hash.fill(content);
    return mark;
  }

  std::unique_ptr<app::ChangeFeed> feed_ = mysql::create_change_feed(pool_);
};

TEST_F(CatalogueStoreTest, keeps_what_was_created) {
  const domain::Station station = a_station();
  domain::Station point = station_named(random_, "北门服务点");
  point.parent_id = station.id;
  ASSERT_TRUE(wait(store_->create_station(point, admin_, std::nullopt)).is_done());
  const domain::Programme programme =
      wait(store_->create_programme(programme_of(random_, point), admin_, std::nullopt)).value().value;
  const domain::Activity activity = a_draft(programme);

  const app::CatalogueContent content = wait(store_->load()).value();

  const auto stored_point = std::ranges::find(content.stations, point.id, &domain::Station::id);
  ASSERT_NE(stored_point, content.stations.end());
  EXPECT_EQ(stored_point->parent_id, station.id);
  EXPECT_EQ(stored_point->name, "北门服务点");
  EXPECT_EQ(stored_point->area, "城中");
  const auto stored_programme = std::ranges::find(content.programmes, programme.id, &domain::Programme::id);
  ASSERT_NE(stored_programme, content.programmes.end());
  EXPECT_EQ(stored_programme->station_id, point.id);
  EXPECT_EQ(stored_programme->opens_at, programme.opens_at);
  EXPECT_EQ(stored_programme->closes_at, programme.closes_at);
  EXPECT_EQ(stored_programme->rules, programme.rules);
  const auto stored = std::ranges::find(content.activities, activity.id, &domain::Activity::id);
  ASSERT_NE(stored, content.activities.end());
  EXPECT_EQ(stored->publication, domain::Publication::draft);
  EXPECT_EQ(stored->kind, domain::Kind::class_);
  EXPECT_EQ(stored->description, "自带笔墨");
  EXPECT_EQ(stored->capacity, 20);
  ASSERT_EQ(stored->sessions.size(), 2U);
  EXPECT_EQ(stored->sessions[1].time, activity.sessions[1].time);
  EXPECT_EQ(stored->sessions[1].venue, "二楼教室");
  EXPECT_TRUE(std::ranges::is_sorted(content.activities, {}, &domain::Activity::id));
}

TEST_F(CatalogueStoreTest, loads_one_programme_with_its_activities) {
  const domain::Programme programme = a_programme();
  const domain::Activity draft = a_draft(programme);
  const domain::Activity published = an_activity(programme);
  an_activity();

  const app::ProgrammeContent content = wait(store_->load_programme(programme.id)).value();

  EXPECT_EQ(content.programme.title, "暑期班");
  ASSERT_EQ(content.activities.size(), 2U);
  for (const domain::Activity& activity : content.activities) {
    EXPECT_TRUE(activity.id == draft.id || activity.id == published.id);
    EXPECT_EQ(activity.sessions.size(), 2U);
  }
  EXPECT_EQ(wait(store_->load_programme(new_id<base::ProgrammeId>())).refused().code, Code::not_found);
  EXPECT_FALSE(wait(store_->load_stations()).value().empty());
}

TEST_F(CatalogueStoreTest, gives_the_first_thing_again_for_the_same_mark) {
  const app::CreationMark mark = a_mark(1);
  const domain::Station first = station_named(random_, "一号");
  const domain::Station second = station_named(random_, "一号");
  ASSERT_FALSE(wait(store_->create_station(first, admin_, mark)).value().earlier);

  const auto again = wait(store_->create_station(second, admin_, mark));

  EXPECT_TRUE(again->earlier);
  EXPECT_EQ(again->value.id, first.id);
  EXPECT_EQ(number(sql("SELECT COUNT(*) FROM stations WHERE id = ?", second.id)), 0U);
  app::CreationMark other_content = mark;
  other_content.content_hash.fill(2);
  EXPECT_EQ(wait(store_->create_station(second, admin_, other_content)).refused().code, Code::idempotency_conflict);
}

TEST_F(CatalogueStoreTest, creates_once_when_the_same_call_is_made_side_by_side) {
  const domain::Programme programme = a_programme();
  const app::CreationMark mark = a_mark(1);
  std::vector<domain::Activity> wishes(8);
  for (domain::Activity& wish : wishes) wish = activity_of(random_, programme);
  std::vector<asio::awaitable<Outcome<app::Created<domain::Activity>>>> calls;
  calls.reserve(wishes.size());
  for (const domain::Activity& wish : wishes) calls.push_back(store_->create_activity(wish, admin_, mark));

  const auto results = all(std::move(calls));

  EXPECT_EQ(std::ranges::count_if(results, [](const auto& r) { return !r->earlier; }), 1);
  for (const auto& result : results) EXPECT_EQ(result->value.id, results.front()->value.id);
  EXPECT_EQ(wait(store_->load_programme(programme.id)).value().activities.size(), 1U);
}

TEST_F(CatalogueStoreTest, remembers_no_mark_of_a_refused_call) {
  const app::CreationMark mark = a_mark(1);
  domain::Station point = station_named(random_, "点");
  point.parent_id = new_id<base::StationId>();
  EXPECT_EQ(wait(store_->create_station(point, admin_, mark)).refused().code, Code::not_found);

  point.parent_id.reset();
  EXPECT_FALSE(wait(store_->create_station(point, admin_, mark)).value().earlier);
}

TEST_F(CatalogueStoreTest, refuses_points_of_points_and_unknown_owners) {
  domain::Station point = station_named(random_, "点");
  point.parent_id = a_station().id;
  ASSERT_TRUE(wait(store_->create_station(point, admin_, std::nullopt)).is_done());
  domain::Station deeper = station_named(random_, "更深");
  deeper.parent_id = point.id;
  const auto refused = wait(store_->create_station(deeper, admin_, std::nullopt));
  EXPECT_EQ(refused.refused().code, Code::invalid_request);
  EXPECT_EQ(refused.refused().fields.at(0).pointer, "/parent_id");

  const domain::Programme orphan = programme_of(random_, station_named(random_, "无"));
  EXPECT_EQ(wait(store_->create_programme(orphan, admin_, std::nullopt)).refused().code, Code::not_found);
  const domain::Activity stray = activity_of(random_, orphan);
  EXPECT_EQ(wait(store_->create_activity(stray, admin_, std::nullopt)).refused().code, Code::not_found);
}

TEST_F(CatalogueStoreTest, changes_a_station_by_version) {
  domain::Station station = a_station();
  station.name = "新名";
  EXPECT_EQ(wait(store_->update_station(station, 1, admin_)).value().version, 2U);
  EXPECT_EQ(wait(store_->update_station(station, 1, admin_)).refused().code, Code::version_mismatch);
  EXPECT_EQ(wait(store_->update_station(station_named(random_, "无"), 1, admin_)).refused().code, Code::not_found);
  EXPECT_EQ(audit_rows(station.id.bytes, "station.update"), 1U);
  EXPECT_EQ(audit_detail(station.id.bytes, "station.update"), R"({"name":"新名"})");
}

TEST_F(CatalogueStoreTest, writes_audit_and_change_with_what_they_tell_and_neither_for_a_refusal) {
  const domain::Programme programme = a_programme();
  EXPECT_EQ(audit_rows(programme.id.bytes, "programme.create"), 1U);
  EXPECT_EQ(change_rows(programme.id.bytes), 1U);
  EXPECT_EQ(
      number(sql("SELECT COUNT(*) FROM audit WHERE subject = ? AND actor_id = ? AND actor_role = 'town_admin' AND "
                 "address = '127.0.0.1' AND request_id = 'request-1' AND at = ?",
                 programme.id, admin_.id, clock_.now)),
      1U);

  EXPECT_FALSE(wait(store_->update_programme(programme, 9, admin_)).is_done());

  EXPECT_EQ(audit_rows(programme.id.bytes, "programme.update"), 0U);
  EXPECT_EQ(change_rows(programme.id.bytes), 1U);
}

TEST_F(CatalogueStoreTest, the_feed_tells_what_came_after_a_number) {
  const std::uint64_t before = wait(feed_->newest()).value();
  const domain::Station station = a_station();
  const domain::Activity activity = an_activity();

  const std::vector<app::Change> changes = wait(feed_->changes_since(before, 100)).value();

  ASSERT_GE(changes.size(), 4U);
  EXPECT_EQ(changes[0].kind, app::ChangeKind::station);
  EXPECT_EQ(changes[0].subject, station.id.bytes);
  EXPECT_EQ(changes.back().kind, app::ChangeKind::programme);
  EXPECT_EQ(changes.back().subject, activity.programme_id.bytes);
  EXPECT_TRUE(std::ranges::is_sorted(changes, {}, &app::Change::seq));
  EXPECT_EQ(changes.back().seq, wait(feed_->newest()).value());
  EXPECT_EQ(wait(feed_->changes_since(before, 2)).value().size(), 2U);
}

}  // namespace
}  // namespace zl::test
