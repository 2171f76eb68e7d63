#include "store/mysql/push_store.hpp"

#include <string_view>
#include <utility>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// All by the primary key, and each locks the one row. `?` before NOW() is a duration in milliseconds.
constexpr std::string_view insert_push = "INSERT IGNORE INTO pushes (push_key, created_at) VALUES (?, ?)";
// A second run finds the turn taken, by itself.
constexpr std::string_view take_turn =
    "UPDATE pushes SET turn = turn + 1, turn_until_ms = ? + FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) "
    "WHERE push_key = ? AND answer IS NULL AND turn_until_ms <= FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)";
constexpr std::string_view select_push = "SELECT turn, answer FROM pushes WHERE push_key = ?";
// A second run changes nothing, and then nothing is counted.
constexpr std::string_view keep_answer =
    "UPDATE pushes SET answer = ?, turn_until_ms = 0 WHERE push_key = ? AND turn = ? AND answer IS NULL";
constexpr std::string_view end_turn =
    "UPDATE pushes SET turn_until_ms = 0 WHERE push_key = ? AND turn = ? AND answer IS NULL";

// Adds to the day's row; a second run of the statement would count twice, and is never made: see keep_answer.
constexpr std::string_view count_one =
    "INSERT INTO follow_counts (day, scene, followed, unfollowed, scanned) VALUES (?, ?, ?, ?, ?) "
    "ON DUPLICATE KEY UPDATE followed = followed + VALUES(followed), unfollowed = unfollowed + VALUES(unfollowed), "
    "scanned = scanned + VALUES(scanned)";

constexpr std::string_view replace_choices =
    "INSERT INTO chat_choices (openid, bookings, told_at) VALUES (?, ?, ?) "
    "ON DUPLICATE KEY UPDATE bookings = VALUES(bookings), told_at = VALUES(told_at)";
constexpr std::string_view delete_choices = "DELETE FROM chat_choices WHERE openid = ?";
constexpr std::string_view select_choices = "SELECT bookings FROM chat_choices WHERE openid = ? AND told_at >= ?";

constexpr std::size_t id_bytes = sizeof(base::Bytes16);

Outcome<app::PushBegun> begin_push(Write& write, const std::string& key, base::Milliseconds duration) {
  write.execute(sql(insert_push, key, write.now()));
  const bool taken = write.execute(sql(take_turn, duration.count(), key)) == 1;
  const Rows rows = write.query(sql(select_push, key));
  const Row row = rows.front();
  if (taken) return app::PushBegun{app::PushTurn{key, row.u64(0)}, {}};
  if (row.is_null(1)) return app::PushBegun{};
  return app::PushBegun{{}, row.text(1)};
}

Outcome<std::string> finish_push(Write& write, const app::PushTurn& turn, const std::string& answer,
                                 const std::optional<app::FollowCount>& count) {
  if (write.execute(sql(keep_answer, Bytes{answer}, turn.key, turn.number)) == 0) {
    const Rows rows = write.query(sql(select_push, turn.key));
    // A later turn may still be at it; then this answer is said, and that turn's kept.
    return rows.empty() || rows.front().is_null(1) ? answer : rows.front().text(1);
  }
  if (count) {
    const auto one_if = [&count](app::FollowEvent event) { return count->event == event ? 1 : 0; };
    write.execute(sql(count_one, count->day, count->scene, one_if(app::FollowEvent::followed),
                      one_if(app::FollowEvent::unfollowed), one_if(app::FollowEvent::scanned)));
  }
  return answer;
}

class MysqlPushStore final : public app::PushStore {
 public:
  explicit MysqlPushStore(ConnectionPool& pool) : pool_(pool) {}

  awaitable<Outcome<app::PushBegun>> begin(std::string key, base::Milliseconds duration) override {
    return pool_.write([key, duration](Write& write) { return begin_push(write, key, duration); });
  }

  awaitable<Outcome<std::string>> finish(app::PushTurn turn, std::string answer,
                                         std::optional<app::FollowCount> count) override {
    return pool_.write([turn, answer, count](Write& write) { return finish_push(write, turn, answer, count); });
  }

  awaitable<Outcome<base::Done>> give_up(app::PushTurn turn) override {
    return pool_.write([turn](Write& write) -> Outcome<base::Done> {
      write.execute(sql(end_turn, turn.key, turn.number));
      return base::Done{};
    });
  }

  awaitable<Outcome<base::Done>> remember_choices(std::string openid, std::vector<base::BookingId> choices) override {
    return pool_.write([openid, choices](Write& write) -> Outcome<base::Done> {
      std::string bytes;
      for (const base::BookingId& id : choices) bytes.append(id.raw());
      if (bytes.empty()) {
        write.execute(sql(delete_choices, openid));
      } else {
        write.execute(sql(replace_choices, openid, Bytes{bytes}, write.now()));
      }
      return base::Done{};
    });
  }

  awaitable<Outcome<std::vector<base::BookingId>>> choices(std::string openid, base::Instant since) override {
    return pool_.read([openid, since](Connection& connection) -> Outcome<std::vector<base::BookingId>> {
      std::vector<base::BookingId> choices;
      for (const Row row : connection.query(sql(select_choices, openid, since))) {
        for (std::string_view bytes = row.text(0); bytes.size() >= id_bytes; bytes.remove_prefix(id_bytes)) {
          choices.push_back(base::BookingId::from_raw(bytes));
        }
      }
      return choices;
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::PushStore> create_push_store(ConnectionPool& pool) {
  return std::make_unique<MysqlPushStore>(pool);
}

}  // namespace zl::mysql
