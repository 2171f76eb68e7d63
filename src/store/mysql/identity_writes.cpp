#include "store/mysql/identity_writes.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "store/mysql/answers.hpp"
#include "store/mysql/audit_detail.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Locks one row by the primary key; a gap there is not locked, so that first logins don't wait for each other.
constexpr std::string_view select_identity =
    "SELECT user_id, unionid FROM identities WHERE appid = ? AND openid = ? FOR UPDATE";
// Index identities_unionid; locks nothing.
constexpr std::string_view select_users_of_unionid =
    "SELECT DISTINCT u.id, u.blocked, u.created_at FROM identities i JOIN users u ON u.id = i.user_id "
    "WHERE i.unionid = ? ORDER BY u.created_at, u.id";
// New rows. A first login of the same identity elsewhere is waited for, and then this one is a duplicate.
constexpr std::string_view insert_identity =
    "INSERT INTO identities (appid, openid, unionid, user_id, created_at) VALUES (?, ?, ?, ?, ?)";
constexpr std::string_view insert_user = "INSERT INTO users (id, created_at) VALUES (?, ?)";
// Each one row by the primary key; a second run changes nothing.
constexpr std::string_view bind_again =
    "UPDATE identities SET unionid = ?, unbound_at = NULL WHERE appid = ? AND openid = ?";
constexpr std::string_view select_user = "SELECT id, nickname, version, blocked FROM users WHERE id = ?";

// Locks two rows by the primary key, in its order.
constexpr std::string_view lock_users = "SELECT id FROM users WHERE id IN (?) ORDER BY id FOR UPDATE";
// The primary key's first part, and index bookings_user; lock nothing. Attendees are entered under the user's lock.
constexpr std::string_view select_belongings =
    "SELECT EXISTS (SELECT 1 FROM guardianships WHERE user_id = ?) OR EXISTS (SELECT 1 FROM bookings WHERE user_id = "
    "?)";
// Index identities_user.
constexpr std::string_view move_identities = "UPDATE identities SET user_id = ? WHERE user_id = ?";
// One row by the primary key. A second run voids nothing more.
constexpr std::string_view raise_user = "UPDATE users SET version = version + 1, raised_at = ? WHERE id = ?";
constexpr std::string_view select_version = "SELECT version FROM users WHERE id = ?";

// Index identities_unbound; locks the rows that go and then their users, so that nobody is blocked in between. Who is
// blocked stays known: as a stranger he would be let in again.
constexpr std::string_view select_left =
    "SELECT i.appid, i.openid, i.user_id FROM identities i JOIN users u ON u.id = i.user_id "
    "WHERE i.unbound_at < ? AND u.blocked = 0 ORDER BY i.unbound_at LIMIT 200 FOR UPDATE";
constexpr std::string_view delete_identity = "DELETE FROM identities WHERE appid = ? AND openid = ?";
// Index message_people_age; locks the rows that go. People with an identity are wiped with it.
constexpr std::string_view select_strangers_left =
    "SELECT openid FROM message_people WHERE follows = 0 AND at < ? AND NOT EXISTS (SELECT 1 FROM identities i "
    "WHERE i.appid = ? AND i.openid = message_people.openid) ORDER BY at LIMIT 200 FOR UPDATE";
// A receipt that comes after all this leaves such a row. Reads the table through, which holds a few rows a parent;
// locks nothing.
constexpr std::string_view select_strange_consents =
    "SELECT DISTINCT openid FROM message_consents c WHERE c.notices_left = 0 "
    "AND NOT EXISTS (SELECT 1 FROM message_people p WHERE p.openid = c.openid) "
    "AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.appid = ? AND i.openid = c.openid) LIMIT 200";
// Each by the primary key, or its first part.
constexpr std::string_view delete_person = "DELETE FROM message_people WHERE openid = ?";
constexpr std::string_view delete_consents = "DELETE FROM message_consents WHERE openid = ?";
constexpr std::string_view delete_choices = "DELETE FROM chat_choices WHERE openid = ?";
// One row by the primary key, and index identities_user.
constexpr std::string_view wipe_user =
    "UPDATE users SET nickname = '', version = version + 1, raised_at = ? "
    "WHERE id = ? AND openid IS NULL AND NOT EXISTS (SELECT 1 FROM identities WHERE user_id = ?)";

struct Namesake {
  base::UserId id;
  bool blocked = false;
};

std::vector<Namesake> users_of(Write& write, const std::optional<std::string>& unionid) {
  std::vector<Namesake> users;
  if (!unionid) return users;
  for (const Row row : write.query(sql(select_users_of_unionid, *unionid))) {
    users.push_back({row.id<base::UserId>(0), row.flag(1)});
  }
  return users;
}

base::Refused blocked() {
  return refused(base::Code::forbidden, "this account is blocked");
}

app::Actor acting(const base::UserId& user) {
  return {base::AccountId{user.bytes}, "user", {}, {}};
}

/// What was told of the user ends: tokens, here and elsewhere.
void tell_raised(Write& write, const base::UserId& user) {
  write.change(app::ChangeKind::account, user.bytes, write.query(sql(select_version, user)).front().u64(0));
}

bool has_belongings(Write& write, const base::UserId& user) {
  return write.query(sql(select_belongings, user, user)).front().flag(0);
}

/// Of two users of one person, `older` first, the one who has nothing gives way; who is left for `own`.
base::UserId join(Write& write, const base::UserId& older, const base::UserId& younger, const base::UserId& own) {
  write.query(sql(lock_users, std::vector<base::UserId>{older, younger}));
  const bool younger_goes = !has_belongings(write, younger);
  if (!younger_goes && has_belongings(write, older)) return own;
  const base::UserId& stays = younger_goes ? older : younger;
  const base::UserId& goes = younger_goes ? younger : older;
  write.execute(sql(move_identities, stays, goes));
  write.execute(sql(raise_user, write.now(), goes));
  tell_raised(write, goes);
  AuditDetail detail;
  detail.add("into", stays);
  write.audit(acting(stays), "user.join", goes.bytes, detail.text());
  return stays;
}

/// Joins who logs in with the other users of the same unionid, oldest first; who is left.
base::UserId join_all(Write& write, const std::vector<Namesake>& all, const base::UserId& whoever_logs_in) {
  base::UserId own = whoever_logs_in;
  for (const Namesake& other : all) {
    if (other.id == whoever_logs_in) continue;
    const bool other_is_older =
        std::ranges::find(all, other.id, &Namesake::id) < std::ranges::find(all, own, &Namesake::id);
    own = other_is_older ? join(write, other.id, own, own) : join(write, own, other.id, own);
  }
  return own;
}

/// The user of a first login: the oldest of the same unionid, or a new one.
base::UserId first_user(Write& write, const std::vector<Namesake>& namesakes, const base::UserId& new_id) {
  if (!namesakes.empty()) return namesakes.front().id;
  write.execute(sql(insert_user, new_id, write.now()));
  write.audit(acting(new_id), "user.create", new_id.bytes);
  return new_id;
}

/// False where another first login of the identity was quicker.
bool insert(Write& write, const app::PlatformIdentity& identity, const std::optional<std::string>& unionid,
            const base::UserId& user) {
  try {
    write.execute(sql(insert_identity, identity.appid, identity.openid, unionid, user, write.now()));
    return true;
  } catch (const SqlError& error) {
    if (error.fault() != SqlFault::duplicate) throw;
    return false;
  }
}

/// What is kept beside the identity of a person to the service account.
void forget_openid(Write& write, const std::string& openid) {
  for (const std::string_view statement : {delete_person, delete_consents, delete_choices}) {
    write.execute(sql(statement, openid));
  }
}

std::optional<std::string> known(const std::string& unionid) {
  return unionid.empty() ? std::nullopt : std::optional(unionid);
}

}  // namespace

base::Outcome<domain::User> bind_identity(Write& write, const app::PlatformIdentity& identity,
                                          const base::UserId& new_id) {
  std::optional<std::string> unionid = known(identity.unionid);
  const Rows found = write.query(sql(select_identity, identity.appid, identity.openid));
  if (!found.empty() && !unionid && !found.front().is_null(1)) unionid = found.front().text(1);
  const std::vector<Namesake> namesakes = users_of(write, unionid);
  if (std::ranges::any_of(namesakes, &Namesake::blocked)) return blocked();

  base::UserId own;
  if (found.empty()) {
    own = first_user(write, namesakes, new_id);
    if (!insert(write, identity, unionid, own)) return base::Code::in_progress;
  } else {
    own = found.front().id<base::UserId>(0);
    write.execute(sql(bind_again, unionid, identity.appid, identity.openid));
    own = join_all(write, users_of(write, unionid), own);
  }
  const Rows users = write.query(sql(select_user, own));
  const Row user = users.front();
  if (user.flag(3)) return blocked();
  return domain::User{own, user.text(1), static_cast<std::uint32_t>(user.u64(2)), false};
}

std::uint64_t wipe_identities(Write& write, std::string_view service_appid, base::Instant unbound_before) {
  const Rows left = write.query(sql(select_left, unbound_before));
  for (const Row row : left) {
    const auto user = row.id<base::UserId>(2);
    write.execute(sql(delete_identity, row.text(0), row.text(1)));
    if (row.text(0) == service_appid) forget_openid(write, row.text(1));
    if (write.execute(sql(wipe_user, write.now(), user, user)) == 0) continue;
    tell_raised(write, user);
    write.audit(acting(user), "user.wipe", user.bytes);
  }
  std::uint64_t strangers = 0;
  for (const std::string& statement :
       {sql(select_strangers_left, unbound_before, service_appid), sql(select_strange_consents, service_appid)}) {
    const Rows found = write.query(statement);
    for (const Row row : found) forget_openid(write, row.text(0));
    strangers += found.size();
  }
  return left.size() + strangers;
}

}  // namespace zl::mysql
