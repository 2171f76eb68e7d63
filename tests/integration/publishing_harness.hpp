// A store test whose activities are published as a station would publish them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

#include "store/mysql/catalogue_store.hpp"
#include "store_harness.hpp"

namespace zl::test {

class PublishingTest : public StoreTest {
 protected:
  /// Of a station and a programme of its own, as `shape` leaves it; its first session begins `ahead` from now.
  domain::Activity a_published_activity(base::Milliseconds ahead, const std::function<void(domain::Activity&)>& shape) {
    const domain::Station station = station_named(random_, "钟楼站");
    const domain::Programme programme = programme_of(random_, station);
    domain::Activity activity = activity_of(random_, programme);
    shape(activity);
    for (domain::Session& session : activity.sessions) {
      const base::Milliseconds later = clock_.now - monday_nine + ahead;
      session.time = {session.time.starts_at + later, session.time.ends_at + later};
    }
    EXPECT_TRUE(wait(catalogue_->create_station(station, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_programme(programme, admin_, std::nullopt)));
    EXPECT_TRUE(wait(catalogue_->create_activity(activity, admin_, std::nullopt)));
    return wait(catalogue_->publish(activity.id, admin_)).value();
  }

  const std::unique_ptr<app::CatalogueStore> catalogue_ = mysql::create_catalogue_store(pool_);
};

}  // namespace zl::test
