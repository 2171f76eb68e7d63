#include "store/mysql/catalogue_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <utility>

#include "store/mysql/activity_writes.hpp"
#include "store/mysql/answers.hpp"
#include "store/mysql/catalogue_rows.hpp"
#include "store/mysql/programme_writes.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;

// For the next transaction alone: all its statements read the state of one moment.
constexpr std::string_view next_reads_one_moment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

template <class T>
Outcome<T> found_or_refused(std::optional<T> found) {
  if (!found) return base::Code::not_found;
  return *std::move(found);
}

class MysqlCatalogueStore final : public app::CatalogueStore {
 public:
  explicit MysqlCatalogueStore(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<Outcome<app::CatalogueContent>> load() override {
    return pool_.read([](Connection& connection) -> Outcome<app::CatalogueContent> {
      connection.execute(next_reads_one_moment);
      Transaction moment(connection);
      return read_catalogue(moment);
    });
  }

  boost::asio::awaitable<Outcome<std::vector<domain::Station>>> load_stations() override {
    return pool_.read([](Connection& connection) -> Outcome<std::vector<domain::Station>> {
      return stations_of(connection.query(select_stations));
    });
  }

  boost::asio::awaitable<Outcome<app::ProgrammeContent>> load_programme(const base::ProgrammeId& id) override {
    return pool_.read([id](Connection& connection) {
      connection.execute(next_reads_one_moment);
      Transaction moment(connection);
      return found_or_refused(find_programme_content(moment, id));
    });
  }

  boost::asio::awaitable<Outcome<app::Created<domain::Station>>> create_station(
      const domain::Station& station, const app::Actor& actor, std::optional<app::CreationMark> mark) override {
    return pool_.write([station, actor, mark](Write& write) {
      return create_once<domain::Station>(
          write, mark, station.id.bytes, [&] { return insert_station(write, station, actor); },
          [&](const base::Bytes16& id) { return found_or_refused(find_station(write, base::StationId{id})); });
    });
  }

  boost::asio::awaitable<Outcome<domain::Station>> update_station(const domain::Station& station,
                                                                  std::uint64_t expected_version,
                                                                  const app::Actor& actor) override {
    return pool_.write([station, expected_version, actor](Write& write) {
      return mysql::update_station(write, station, expected_version, actor);
    });
  }

  boost::asio::awaitable<Outcome<app::Created<domain::Programme>>> create_programme(
      const domain::Programme& programme, const app::Actor& actor, std::optional<app::CreationMark> mark) override {
    return pool_.write([programme, actor, mark](Write& write) {
      return create_once<domain::Programme>(
          write, mark, programme.id.bytes, [&] { return insert_programme(write, programme, actor); },
          [&](const base::Bytes16& id) { return found_or_refused(find_programme(write, base::ProgrammeId{id})); });
    });
  }

  boost::asio::awaitable<Outcome<domain::Programme>> update_programme(const domain::Programme& programme,
                                                                      std::uint64_t expected_version,
                                                                      const app::Actor& actor) override {
    return pool_.write([programme, expected_version, actor](Write& write) {
      return mysql::update_programme(write, programme, expected_version, actor);
    });
  }

  boost::asio::awaitable<Outcome<app::Created<domain::Activity>>> create_activity(
      const domain::Activity& activity, const app::Actor& actor, std::optional<app::CreationMark> mark) override {
    return pool_.write([activity, actor, mark](Write& write) {
      return create_once<domain::Activity>(
          write, mark, activity.id.bytes, [&] { return insert_activity(write, activity, actor); },
          [&](const base::Bytes16& id) { return found_or_refused(find_activity(write, base::ActivityId{id})); });
    });
  }

  boost::asio::awaitable<Outcome<domain::Activity>> update_activity(const domain::Activity& activity,
                                                                    std::uint64_t expected_version,
                                                                    const app::Actor& actor) override {
    return pool_.write([activity, expected_version, actor](Write& write) {
      return mysql::update_activity(write, activity, expected_version, actor);
    });
  }

  boost::asio::awaitable<Outcome<domain::Activity>> publish(const base::ActivityId& id,
                                                            const app::Actor& actor) override {
    return pool_.write([id, actor](Write& write) { return publish_activity(write, id, actor); });
  }

  boost::asio::awaitable<Outcome<domain::Activity>> cancel(const base::ActivityId& id, const std::string& reason,
                                                           const app::Actor& actor, base::Instant now) override {
    return pool_.write(
        [id, reason, actor, now](Write& write) { return cancel_activity(write, id, reason, actor, now); });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::CatalogueStore> create_catalogue_store(ConnectionPool& pool) {
  return std::make_unique<MysqlCatalogueStore>(pool);
}

}  // namespace zl::mysql
