#include "store/mysql/login_states.hpp"

#include <string_view>
#include <utility>

#include "store/mysql/answers.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// Index login_states_address; locks nothing, so a few more than the limit may be out.
constexpr std::string_view count_open =
    "SELECT COUNT(*) FROM login_states WHERE address = ? AND open = 1 "
    "AND created_at_ms > FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) - ?";
// A new row. IGNORE: a second run finds it there.
constexpr std::string_view insert_state =
    "INSERT IGNORE INTO login_states (state, browser, address, return_to, restart, created_at_ms) "
    "VALUES (?, ?, ?, ?, ?, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000))";
// Locks one row by the primary key.
constexpr std::string_view select_state =
    "SELECT return_to, open IS NOT NULL AND created_at_ms > FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) - ? "
    "FROM login_states WHERE state = ? AND browser = ? FOR UPDATE";
constexpr std::string_view close_state = "UPDATE login_states SET open = NULL WHERE state = ?";
// Index login_states_browser; locks nothing.
constexpr std::string_view select_restart =
    "SELECT 1 FROM login_states WHERE browser = ? AND restart = 1 "
    "AND created_at_ms > FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) - ? LIMIT 1";

class MysqlLoginStates final : public app::LoginStates {
 public:
  explicit MysqlLoginStates(ConnectionPool& pool) : pool_(pool) {}

  awaitable<Outcome<base::Done>> begin(app::LoginStart start, std::size_t limit, base::Milliseconds lifetime) override {
    return pool_.write([start = std::move(start), limit, lifetime](Write& write) -> Outcome<base::Done> {
      if (write.query(sql(count_open, start.address, lifetime.count())).front().u64(0) >= limit) {
        constexpr int wait_s = 60;
        return base::Refused{
            base::Code::too_many_requests, "too many logins of this address are on their way", {}, wait_s};
      }
      write.execute(
          sql(insert_state, start.id, start.browser, start.address, start.return_to, start.is_restart ? 1 : 0));
      return base::Done{};
    });
  }

  awaitable<Outcome<app::LoginReturn>> take(base::LoginId id, runtime::Digest browser,
                                            base::Milliseconds lifetime) override {
    return pool_.write([id, browser, lifetime](Write& write) -> Outcome<app::LoginReturn> {
      app::LoginReturn back;
      const Rows rows = write.query(sql(select_state, lifetime.count(), id, browser));
      if (rows.empty()) return back;
      back.fate = rows.front().flag(1) ? app::LoginReturn::Fate::good : app::LoginReturn::Fate::spent;
      back.return_to = rows.front().text(0);
      back.restarted_lately = !write.query(sql(select_restart, browser, restart_interval.count())).empty();
      write.execute(sql(close_state, id));
      return back;
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::LoginStates> create_login_states(ConnectionPool& pool) {
  return std::make_unique<MysqlLoginStates>(pool);
}

}  // namespace zl::mysql
