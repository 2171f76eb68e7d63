// Every statement of what stations write fails once, in every way in which MySQL may fail it
// (statement_fault_trials.hpp says what has to hold).
#include <algorithm>

#include "administration_faults.hpp"

namespace zl::test {
namespace {

using Counts = std::vector<std::uint64_t>;

class CatalogueFaultsTest : public AdministrationFaultsTest {
 protected:
  static domain::Station a_station(const base::StationId& id) {
    domain::Station station;
    station.id = id;
    station.name = "鼓楼";
    return station;
  }
  domain::Activity a_new_activity(const base::ActivityId& id) {
    domain::Activity activity;
    activity.id = id;
    activity.programme_id = programme_;
    activity.title = "国画";
    activity.age_min = 6;
    activity.age_max = 12;
    activity.capacity = 20;
    for (const std::int64_t start : {10, 30}) {
      activity.sessions.push_back({random_.next_id<base::SessionId>(), {{start}, {start + 10}}, "二楼"});
    }
    return activity;
  }
};

TEST_F(CatalogueFaultsTest, OfANewStation) {
  fail_each_statement(
      [this] {
        return a_creation<base::StationId>(
            [this](const base::StationId& id, const app::CreationMark& mark) {
              return catalogue_->create_station(a_station(id), admin_, mark);
            },
            [this](const std::vector<base::StationId>& ids) {
              return joined({number(sql("SELECT COUNT(*) FROM stations WHERE id IN (?)", ids))}, records(ids));
            },
            {1, 1, 1});
      },
      Follows::not_up);
}

TEST_F(CatalogueFaultsTest, OfAChangedStation) {
  fail_each_statement(
      [this] {
        domain::Station station = a_station(random_.next_id<base::StationId>());
        EXPECT_TRUE(wait(catalogue_->create_station(station, admin_, std::nullopt)).is_done());
        station.name = "新鼓楼";
        const auto look = [this, id = station.id] {
          const std::uint64_t renamed =
              number(sql("SELECT COUNT(*) FROM stations WHERE id = ? AND name = '新鼓楼'", id));
          const std::uint64_t version = number(sql("SELECT version FROM stations WHERE id = ?", id));
          return written(joined({renamed, version}, records(id)), {0, 1, 1, 1}, {1, 2, 2, 2});
        };
        return Trial{[this, station, look] {
                       return told_once(wait(catalogue_->update_station(station, 1, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(CatalogueFaultsTest, OfANewProgramme) {
  fail_each_statement(
      [this] {
        return a_creation<base::ProgrammeId>(
            [this](const base::ProgrammeId& id, const app::CreationMark& mark) {
              domain::Programme programme;
              programme.id = id;
              programme.station_id = station_;
              programme.title = "寒假班";
              programme.opens_at = {1};
              programme.closes_at = {9};
              programme.rules = {2, 4, true, 24};
              return catalogue_->create_programme(programme, admin_, mark);
            },
            [this](const std::vector<base::ProgrammeId>& ids) {
              return joined({number(sql("SELECT COUNT(*) FROM programmes WHERE id IN (?)", ids))}, records(ids));
            },
            {1, 1, 1});
      },
      Follows::not_up);
}

TEST_F(CatalogueFaultsTest, OfANewActivity) {
  fail_each_statement(
      [this] {
        return a_creation<base::ActivityId>(
            [this](const base::ActivityId& id, const app::CreationMark& mark) {
              return catalogue_->create_activity(a_new_activity(id), admin_, mark);
            },
            [this, before = records(programme_)](const std::vector<base::ActivityId>& ids) {
              return Counts{number(sql("SELECT COUNT(*) FROM activities WHERE id IN (?)", ids)),
                            number(sql("SELECT COUNT(*) FROM activity_seats WHERE activity_id IN (?)", ids)),
                            number(sql("SELECT COUNT(*) FROM sessions WHERE activity_id IN (?)", ids)),
                            records(ids).front(), records_since(programme_, before).back()};
            },
            {1, 1, 2, 1, 1});
      },
      Follows::not_up);
}

TEST_F(CatalogueFaultsTest, OfAChangedActivity) {
  fail_each_statement(
      [this] {
        const auto id = an_activity(10);
        const std::vector<domain::Activity> all = content().activities;
        domain::Activity activity = *std::ranges::find(all, id, &domain::Activity::id);
        activity.capacity = 12;
        activity.age_max = 14;
        const std::vector<std::uint64_t> before = records(programme_);
        const auto look = [this, id, before] {
          const std::uint64_t changes = records_since(programme_, before)[1];
          return written({number(sql("SELECT capacity FROM activity_seats WHERE activity_id = ?", id)),
                          number(sql("SELECT age_max FROM activities WHERE id = ?", id)), records(id)[0], changes},
                         {10, 12, 0, 0}, {12, 14, 1, 1});
        };
        return Trial{[this, activity, look] {
                       return told_once(wait(catalogue_->update_activity(activity, activity.version, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(CatalogueFaultsTest, OfAChangedProgramme) {
  an_activity(10);
  fail_each_statement(
      [this] {
        domain::Programme programme = content().programme;
        const int cap = programme.rules.max_per_user.value_or(0) % 5 + 1;
        programme.rules.max_per_user = cap;
        const std::vector<std::uint64_t> before = records(programme_);
        const auto look = [this, version = programme.version, before] {
          const std::uint64_t now = number(sql("SELECT version FROM programmes WHERE id = ?", programme_));
          return written(joined({now - version}, records_since(programme_, before)), {0, 0, 0}, {1, 1, 1});
        };
        return Trial{[this, programme, look] {
                       return told_once(wait(catalogue_->update_programme(programme, programme.version, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

}  // namespace
}  // namespace zl::test
