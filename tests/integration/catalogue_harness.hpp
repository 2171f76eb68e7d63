// A store test with stations, programmes and activities to look at and to change.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "store/mysql/catalogue_store.hpp"
#include "store_harness.hpp"

namespace zl::test {

class CatalogueTest : public StoreTest {
 protected:
  domain::Station a_station() {
    return wait(store_->create_station(station_named(random_, "钟楼站"), admin_, std::nullopt)).value().value;
  }
  domain::Programme a_programme() {
    return wait(store_->create_programme(programme_of(random_, a_station()), admin_, std::nullopt)).value().value;
  }
  domain::Activity a_draft(const domain::Programme& programme) {
    return wait(store_->create_activity(activity_of(random_, programme), admin_, std::nullopt)).value().value;
  }
  domain::Activity an_activity(const domain::Programme& programme) {
    return wait(store_->publish(a_draft(programme).id, admin_)).value();
  }
  domain::Activity an_activity() { return an_activity(a_programme()); }

  std::unique_ptr<app::CatalogueStore> store_ = mysql::create_catalogue_store(pool_);
};

}  // namespace zl::test
