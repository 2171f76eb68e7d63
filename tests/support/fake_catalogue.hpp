// The stores that a process follows: catalogue, change feed and voided tokens, in memory. Only what is read; every
// write is refused.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/catalogue_store.hpp"
#include "app/people_store.hpp"
#include "support/fate.hpp"

namespace zl::test {

class FakeCatalogueStore : public app::CatalogueStore {
 public:
  template <class T>
  using Answer = boost::asio::awaitable<base::Outcome<T>>;

  explicit FakeCatalogueStore(Trace& trace)
      : load_calls(trace, "catalogue.load"),
        stations_calls(trace, "catalogue.load_stations"),
        programme_calls(trace, "catalogue.load_programme") {}

  Answer<app::CatalogueContent> load() override {
    return serve<app::CatalogueContent>(load_calls, [this] { return base::Outcome<app::CatalogueContent>(content); });
  }
  Answer<std::vector<domain::Station>> load_stations() override {
    using Stations = std::vector<domain::Station>;
    return serve<Stations>(stations_calls, [this] { return base::Outcome<Stations>(content.stations); });
  }
  Answer<app::ProgrammeContent> load_programme(const base::ProgrammeId& id) override {
    return serve<app::ProgrammeContent>(programme_calls, [this, id] { return read(id); });
  }

  Answer<app::Created<domain::Station>> create_station(const domain::Station&, const app::Actor&,
                                                       std::optional<app::CreationMark>) override {
    return refused<app::Created<domain::Station>>();
  }
  Answer<domain::Station> update_station(const domain::Station&, std::uint64_t, const app::Actor&) override {
    return refused<domain::Station>();
  }
  Answer<app::Created<domain::Programme>> create_programme(const domain::Programme&, const app::Actor&,
                                                           std::optional<app::CreationMark>) override {
    return refused<app::Created<domain::Programme>>();
  }
  Answer<domain::Programme> update_programme(const domain::Programme&, std::uint64_t, const app::Actor&) override {
    return refused<domain::Programme>();
  }
  Answer<app::Created<domain::Activity>> create_activity(const domain::Activity&, const app::Actor&,
                                                         std::optional<app::CreationMark>) override {
    return refused<app::Created<domain::Activity>>();
  }
  Answer<domain::Activity> update_activity(const domain::Activity&, std::uint64_t, const app::Actor&) override {
    return refused<domain::Activity>();
  }
  Answer<domain::Activity> publish(const base::ActivityId&, const app::Actor&) override {
    return refused<domain::Activity>();
  }
  Answer<domain::Activity> cancel(const base::ActivityId&, const std::string&, const app::Actor&,
                                  base::Instant) override {
    return refused<domain::Activity>();
  }

  app::CatalogueContent content;
  Calls load_calls;
  Calls stations_calls;
  Calls programme_calls;

 private:
  template <class T>
  static Answer<T> refused() {
    co_return base::Code::internal;
  }

  base::Outcome<app::ProgrammeContent> read(const base::ProgrammeId& id) const {
    const auto found = std::ranges::find(content.programmes, id, &domain::Programme::id);
    if (found == content.programmes.end()) return base::Code::not_found;
    app::ProgrammeContent read{*found, {}};
    std::ranges::copy_if(content.activities, std::back_inserter(read.activities),
                         [&id](const domain::Activity& activity) { return activity.programme_id == id; });
    return read;
  }
};

class FakeChangeFeed final : public app::ChangeFeed {
 public:
  explicit FakeChangeFeed(Trace& trace) : since_calls(trace, "feed.since"), newest_calls(trace, "feed.newest") {}

  boost::asio::awaitable<base::Outcome<std::vector<app::Change>>> changes_since(std::uint64_t seq,
                                                                                std::size_t limit) override {
    using Changes = std::vector<app::Change>;
    asked_since.push_back(seq);
    return serve<Changes>(since_calls, [this, seq, limit] {
      Changes rows;
      std::ranges::copy_if(changes, std::back_inserter(rows), [seq](const app::Change& c) { return c.seq > seq; });
      std::ranges::sort(rows, {}, &app::Change::seq);
      if (rows.size() > limit) rows.resize(limit);
      return base::Outcome<Changes>(std::move(rows));
    });
  }
  boost::asio::awaitable<base::Outcome<std::uint64_t>> newest() override {
    return serve<std::uint64_t>(newest_calls, [this] {
      std::uint64_t highest = 0;
      for (const app::Change& change : changes) highest = std::max(highest, change.seq);
      return base::Outcome<std::uint64_t>(highest);
    });
  }

  std::vector<app::Change> changes;
  std::vector<std::uint64_t> asked_since;
  Calls since_calls;
  Calls newest_calls;
};

class FakeAccountStore : public app::AccountStore {
 public:
  template <class T>
  using Answer = boost::asio::awaitable<base::Outcome<T>>;

  explicit FakeAccountStore(Trace& trace) : voided_calls(trace, "accounts.voided_since") {}

  Answer<app::VoidedTokens> voided_since(base::Instant since) override {
    asked_since = since;
    return serve<app::VoidedTokens>(voided_calls, [this] { return base::Outcome<app::VoidedTokens>(voided); });
  }

  Answer<std::optional<app::AccountWithHash>> find_by_username(const std::string&) override {
    return refused<std::optional<app::AccountWithHash>>();
  }
  Answer<std::optional<domain::Account>> find(const base::AccountId&) override {
    return refused<std::optional<domain::Account>>();
  }
  Answer<app::AccountPage> list(std::optional<base::AccountId>, std::size_t) override {
    return refused<app::AccountPage>();
  }
  Answer<app::Created<domain::Account>> create(const app::AccountWithHash&, const app::Actor&,
                                               std::optional<app::CreationMark>) override {
    return refused<app::Created<domain::Account>>();
  }
  Answer<domain::Account> update(const app::AccountWithHash&, std::uint64_t, const app::Actor&) override {
    return refused<domain::Account>();
  }
  Answer<base::Done> end_all_tokens(const base::AccountId&, const app::Actor&) override {
    return refused<base::Done>();
  }
  Answer<base::Done> end_token(const base::TokenId&, base::Instant, const app::Actor&) override {
    return refused<base::Done>();
  }

  app::VoidedTokens voided;
  base::Instant asked_since;
  Calls voided_calls;

 private:
  template <class T>
  static Answer<T> refused() {
    co_return base::Code::internal;
  }
};

}  // namespace zl::test
