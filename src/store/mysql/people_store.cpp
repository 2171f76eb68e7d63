#include "store/mysql/people_store.hpp"

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <utility>

#include "store/mysql/answers.hpp"
#include "store/mysql/attendee_facts.hpp"
#include "store/mysql/attendee_writes.hpp"
#include "store/mysql/group_reader.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

using base::Outcome;
using boost::asio::awaitable;

// Unique index users_openid; locks nothing.
constexpr std::string_view select_user_by_openid = "SELECT id, nickname, version, blocked FROM users WHERE openid = ?";
// By the primary key; locks nothing.
constexpr std::string_view select_user = "SELECT id, nickname, version, blocked FROM users WHERE id = ?";
// A new row. Waits for another first sign-in of the same openid, and then is a duplicate: nothing happens.
constexpr std::string_view insert_user = "INSERT INTO users (id, openid, nickname, created_at) VALUES (?, ?, ?, ?)";
// Locks one row by the primary key; a second run changes nothing.
constexpr std::string_view update_nickname = "UPDATE users SET nickname = ? WHERE id = ?";

std::optional<domain::User> user_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  const Row row = rows.front();
  return domain::User{row.id<base::UserId>(0), row.text(1), static_cast<std::uint32_t>(row.u64(2)), row.flag(3)};
}

/// The new user, or the one that another process made meanwhile.
Outcome<domain::User> make_user(Write& write, const base::UserId& id, const std::string& openid,
                                const std::string& nickname) {
  try {
    write.execute(sql(insert_user, id, openid, nickname, write.now()));
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::duplicate) throw;
    std::optional<domain::User> other = user_of(write.query(sql(select_user_by_openid, openid)));
    if (!other) throw;
    return *std::move(other);
  }
  write.audit({base::AccountId{id.bytes}, "user", {}, {}}, "user.create", id.bytes);
  return domain::User{id, nickname, 1, false};
}

class MysqlPeopleStore final : public app::PeopleStore {
 public:
  MysqlPeopleStore(ConnectionPool& pool, base::Random& random)
      : pool_(pool), random_(random), facts_(pool, read_facts) {}

  // Almost always one read: thousands sign in within a minute, and nearly all of them exist.
  awaitable<Outcome<domain::User>> sign_in(const std::string& openid, const std::string& nickname) override {
    auto found = co_await find_by_openid(openid);
    if (!found) co_return found.as<domain::User>();
    std::optional<domain::User> user = std::move(found).value();
    if (!user) co_return co_await create(openid, nickname);
    if (nickname.empty() || nickname == user->nickname) co_return *std::move(user);
    co_return co_await rename(*std::move(user), nickname);
  }

  awaitable<Outcome<std::optional<domain::User>>> find_user(const base::UserId& id) override {
    return pool_.read([id](Connection& connection) -> Outcome<std::optional<domain::User>> {
      return user_of(connection.query(sql(select_user, id)));
    });
  }

  awaitable<Outcome<std::vector<domain::Attendee>>> attendees_of(const base::UserId& user_id) override {
    return pool_.read([user_id](Connection& connection) -> Outcome<std::vector<domain::Attendee>> {
      return attendees_from(connection.query(sql(select_attendees_of_user, user_id)));
    });
  }

  awaitable<Outcome<std::optional<app::AttendeeFacts>>> facts(const base::AttendeeId& id) override {
    return facts_.read(id);
  }

  awaitable<Outcome<app::Created<domain::Attendee>>> create_attendee(const base::UserId& user_id,
                                                                     const domain::Attendee& attendee,
                                                                     const app::Actor& actor,
                                                                     std::optional<app::CreationMark> mark) override {
    return pool_.write([user_id, attendee, actor, mark](Write& write) {
      return create_once<domain::Attendee>(
          write, mark, attendee.id.bytes, [&] { return insert_attendee(write, user_id, attendee, actor); },
          [&](const base::Bytes16& id) { return find_attendee(write, user_id, base::AttendeeId{id}); });
    });
  }

  awaitable<Outcome<domain::Attendee>> update_attendee(const base::UserId& user_id, const domain::Attendee& attendee,
                                                       std::uint64_t expected_version,
                                                       const app::Actor& actor) override {
    return pool_.write([user_id, attendee, expected_version, actor](Write& write) {
      return mysql::update_attendee(write, user_id, attendee, expected_version, actor);
    });
  }

  awaitable<Outcome<base::Done>> delete_attendee(const base::UserId& user_id, const base::AttendeeId& id,
                                                 const app::Actor& actor) override {
    return pool_.write([user_id, id, actor](Write& write) { return remove_attendee(write, user_id, id, actor); });
  }

 private:
  awaitable<Outcome<std::optional<domain::User>>> find_by_openid(const std::string& openid) {
    return pool_.read([openid](Connection& connection) -> Outcome<std::optional<domain::User>> {
      return user_of(connection.query(sql(select_user_by_openid, openid)));
    });
  }

  awaitable<Outcome<domain::User>> create(const std::string& openid, const std::string& nickname) {
    const auto id = random_.next_id<base::UserId>();
    return pool_.write([id, openid, nickname](Write& write) { return make_user(write, id, openid, nickname); });
  }

  awaitable<Outcome<domain::User>> rename(domain::User user, const std::string& nickname) {
    user.nickname = nickname;
    return pool_.write([user = std::move(user)](Write& write) -> Outcome<domain::User> {
      write.execute(sql(update_nickname, user.nickname, user.id));
      return user;
    });
  }

  ConnectionPool& pool_;
  base::Random& random_;
  GroupReader<base::AttendeeId, app::AttendeeFacts> facts_;
};

}  // namespace

std::unique_ptr<app::PeopleStore> create_people_store(ConnectionPool& pool, base::Random& random) {
  return std::make_unique<MysqlPeopleStore>(pool, random);
}

}  // namespace zl::mysql
