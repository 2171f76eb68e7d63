// The settings themselves: key, type with default and bounds, what it is, what a larger and what a smaller number does.
#include <array>

#include "server/settings.hpp"

namespace zl::server {
namespace {

constexpr std::array log_formats = {std::string_view("json"), std::string_view("text")};
constexpr std::array log_levels = {std::string_view("debug"), std::string_view("info"),     std::string_view("warning"),
                                   std::string_view("error"), std::string_view("critical"), std::string_view("off")};

constexpr std::array by_server = {Purpose::serve};
constexpr std::array by_server_and_admin = {Purpose::serve, Purpose::create_admin};
constexpr std::array by_migrations = {Purpose::migrate};

constexpr Section section_table[] = {
    {"http", "Where the server listens, and what it lets a client do."},
    {"redis", "The Redis that holds the gate."},
    {"mysql", "The database that holds the ledger, and the account that serves."},
    {"mysql_migrate", "The database account that changes the schema; used by `zhonglou migrate` and nothing else."},
    {"booking", "Holds, seat counts and what is kept in memory about them."},
    {"auth", "Tokens, logins and passwords."},
    {"check_in", "Checking in at the door."},
    {"metrics", "Figures for Prometheus."},
    {"log", "What the server writes about itself."},
};

constexpr Setting setting_table[] = {
    {"http.address", TextType{"127.0.0.1", TextForm::ip_address}, "The address to listen on."},
    {"http.port", IntegerType{8080, 0, 65535, ""}, "The port to listen on; 0 picks a free one."},
    {"http.io_threads", IntegerType{0, 0, 64, ""}, "Event loops, one thread each; 0 is one per core, at most 8.",
     "Uses more cores and opens more links to Redis.", "Leaves cores to others."},
    {"http.reuse_port", FlagType{false}, "Lets further server processes of this account listen on the same port."},
    {"http.public_url", TextType{"", TextForm::origin},
     "The origin under which browsers reach the server, https unless it is loopback; empty is the listening address, "
     "which has to be loopback then."},
    {"http.trusted_proxies", ListType{TextForm::network},
     "Addresses or networks of the proxies whose X-Forwarded-For is believed."},
    {"http.header_limit_bytes", IntegerType{8192, 1024, 65536, "bytes"}, "Size of a request's header; beyond it 431.",
     "Lets longer cookies pass and costs memory per connection.", "Saves memory."},
    {"http.body_limit_bytes", IntegerType{65536, 1024, 1048576, "bytes"}, "Size of a request's body; beyond it 413.",
     "Lets longer descriptions pass and costs memory per request.", "Saves memory."},
    {"http.header_timeout_ms", IntegerType{10000, 100, 600000, "ms"},
     "Time for a header to come in, counted from its first byte; beyond it 408.", "Bears slower networks.",
     "Frees connections of slow senders sooner."},
    {"http.body_timeout_ms", IntegerType{10000, 100, 600000, "ms"}, "Time for a body to come in; beyond it 408.",
     "Bears slower networks.", "Frees connections of slow senders sooner."},
    {"http.idle_timeout_ms", IntegerType{60000, 100, 3600000, "ms"},
     "Time that a connection may wait for its next request before it is closed.",
     "Spares waiting parents a new connection.", "Frees connections sooner."},
    {"http.write_timeout_ms", IntegerType{10000, 100, 600000, "ms"},
     "Time for an answer to be taken by its client before the connection is closed.", "Bears slower networks.",
     "Frees connections of slow readers sooner."},
    {"http.max_connections", IntegerType{20000, 1, 1000000, "connections"},
     "Open connections; a further one is closed at once.", "Serves more parents at a time, for memory and descriptors.",
     "Protects the machine."},
    {"http.max_connections_per_address", IntegerType{16384, 1, 1000000, "connections"},
     "Open connections of one address; a further one is closed at once.",
     "Lets more people behind one carrier's address in.", "Leaves one address less to take from the others."},
    {"http.rate_user_per_s", IntegerType{10, 1, 1000000, "requests per second"},
     "Requests of one user in the long run; beyond it 429.", "Bears impatient clients.", "Stops robots sooner."},
    {"http.rate_user_burst", IntegerType{20, 1, 1000000, "requests"}, "Requests that one user may send at once.",
     "Bears impatient clients.", "Stops robots sooner."},
    {"http.rate_address_per_s", IntegerType{20000, 1, 10000000, "requests per second"},
     "Requests of one address in the long run; beyond it 429. Carriers put thousands of people behind one address.",
     "Lets bigger carriers through.", "Stops floods from one address sooner."},
    {"http.rate_address_burst", IntegerType{40000, 1, 10000000, "requests"},
     "Requests that one address may send at once.", "Lets bigger carriers through.",
     "Stops floods from one address sooner."},
    {"http.drain_ms", IntegerType{10000, 0, 300000, "ms"},
     "Time that requests in flight have to finish when the server is told to stop.", "Lets slower requests finish.",
     "Stops sooner."},

    {"redis.unix_socket", TextType{"", TextForm::socket_path},
     "Path of the Redis socket; empty uses host and port instead."},
    {"redis.host", TextType{"127.0.0.1", TextForm::ip_address}, "The address of Redis; not a name."},
    {"redis.port", IntegerType{6379, 1, 65535, ""}, "The port of Redis."},
    {"redis.username", TextType{"", TextForm::any}, "The Redis account; empty is the default account."},
    {"redis.password", SecretType{SecretForm::password, by_server, false},
     "The password of the Redis account, where it has one."},
    {"redis.connect_timeout_ms", IntegerType{1000, 10, 60000, "ms"},
     "Time for a link to Redis to come up before it is tried again.", "Bears a slow network.", "Tries again sooner."},
    {"redis.command_timeout_ms", IntegerType{500, 10, 60000, "ms"},
     "Time for Redis to answer; beyond it the outcome is unknown.", "Bears a stalling Redis.",
     "Tells clients sooner to try again."},
    {"redis.max_pending", IntegerType{16384, 16, 1000000, "commands"},
     "Commands that wait for an answer on one link; a further one is refused with 503.",
     "Bears higher bursts, with longer waits.", "Refuses sooner."},

    {"mysql.unix_socket", TextType{"", TextForm::socket_path},
     "Path of the database socket; empty uses host and port instead."},
    {"mysql.host", TextType{"127.0.0.1", TextForm::required}, "The host of the database."},
    {"mysql.port", IntegerType{3306, 1, 65535, ""}, "The port of the database."},
    {"mysql.database", TextType{"zhonglou", TextForm::required}, "The name of the database."},
    {"mysql.user", TextType{"zhonglou_serve", TextForm::required}, "The account that serves."},
    {"mysql.password", SecretType{SecretForm::password, by_server_and_admin, true},
     "The password of the account that serves."},
    {"mysql.read_threads", IntegerType{4, 1, 64, "threads"},
     "Threads, with a connection each, for everything but bookings.", "Reads more at a time.",
     "Leaves the database to the bookings."},
    {"mysql.read_queue", IntegerType{4096, 1, 100000, "calls"},
     "Calls that wait for such a thread; a further one is refused with 503.", "Bears higher bursts, with longer waits.",
     "Refuses sooner."},
    {"mysql.writers", IntegerType{2, 1, 32, "threads"},
     "Threads, with a connection each, that commit bookings, cancellations and check-ins; a programme keeps to one.",
     "Commits more programmes at a time, in smaller batches.", "Makes larger batches."},
    {"mysql.writer_queue", IntegerType{16384, 1, 1000000, "items"},
     "Bookings, cancellations and check-ins that wait for one writer; a further one is refused with 503.",
     "Bears higher bursts, with longer waits.", "Refuses sooner."},
    {"mysql.writer_batch", IntegerType{256, 1, 4096, "items"}, "Bookings or check-ins in one transaction, at most.",
     "Commits more bookings per second, with longer locks.", "Answers the first of a burst sooner."},
    {"mysql.item_deadline_ms", IntegerType{5000, 100, 60000, "ms"},
     "Time that an item waits for a writer before it is refused with 503; less than booking.hold_ttl_ms.",
     "Bears longer stalls of the database.", "Tells clients sooner to try again."},
    {"mysql.connect_timeout_ms", IntegerType{2000, 1000, 60000, "ms"},
     "Time for a connection to come up before it is tried again.", "Bears a slow network.", "Tries again sooner."},
    {"mysql.statement_timeout_ms", IntegerType{5000, 100, 600000, "ms"}, "Time for a statement to run.",
     "Bears a slow database.", "Frees its thread sooner."},
    {"mysql.lock_wait_s", IntegerType{2, 1, 60, "s"},
     "Time to wait for a row's lock before the transaction is run again; at most mysql.statement_timeout_ms.",
     "Bears longer transactions.", "Tries again sooner."},

    {"mysql_migrate.user", TextType{"zhonglou_migrate", TextForm::required}, "The account that migrates."},
    {"mysql_migrate.password", SecretType{SecretForm::password, by_migrations, true},
     "The password of the account that migrates."},

    {"booking.hold_ttl_ms", IntegerType{10000, 1000, 600000, "ms"},
     "Age at which a seat that the gate gave and the ledger never answered for is given back.",
     "Bears longer stalls of the database.", "Brings the seats of a crashed server back sooner."},
    {"booking.reconcile_interval_ms", IntegerType{1000, 50, 60000, "ms"},
     "Time between two comparisons of the gate with the ledger; less than booking.hold_ttl_ms.",
     "Asks the stores less often.", "Mends differences sooner."},
    {"booking.seats_poll_ms", IntegerType{400, 50, 900, "ms"},
     "Time between two looks at the seat counts; what is known of a sold out activity lapses after one second.",
     "Asks Redis less often.", "Shows counts and seats that came back sooner."},
    {"booking.attendee_cache", IntegerType{200000, 1, 10000000, "attendees"},
     "Attendees that are kept in memory; a further one takes the place of another.",
     "Asks the database less often, for about 200 bytes each.", "Saves memory."},
    {"booking.max_live_holders", IntegerType{20000, 0, 100000, "seats"},
     "Seats up to which a sold out activity's holders are kept in memory; larger ones are asked of the gate each time.",
     "Answers larger activities from memory when they are sold out, for about 100 bytes a seat.", "Saves memory."},
    {"booking.utc_offset_minutes", IntegerType{480, -720, 840, "minutes"},
     "The town's time, as minutes east of UTC: civil days and the times in answers follow it."},

    {"auth.dev_login", FlagType{false},
     "Lets anybody log in as any user, for trying out; refused unless http.address is loopback."},
    {"auth.token_key", SecretType{SecretForm::key, by_server, true},
     "Signs the tokens: 64 hex digits, as `openssl rand -hex 32` makes them, the same in every process."},
    {"auth.previous_token_key", SecretType{SecretForm::key, by_server, false},
     "The token_key before it was changed; its tokens stay good until they expire."},
    {"auth.token_ttl_s", IntegerType{604800, 1, 31536000, "s"}, "Time that a user's token is good for.",
     "Asks users less often to log in.", "Makes a stolen token useless sooner."},
    {"auth.admin_token_ttl_s", IntegerType{43200, 1, 604800, "s"}, "Time that an admin's token is good for.",
     "Asks admins less often to log in.", "Makes a stolen token useless sooner."},
    {"auth.login_failures_per_account", IntegerType{5, 1, 1000, "failures"},
     "Failed logins of one account within the window; beyond it 429.", "Bears forgetful admins.",
     "Stops guessing sooner."},
    {"auth.login_failures_per_address", IntegerType{50, 1, 100000, "failures"},
     "Failed logins from one address within the window; beyond it 429.", "Bears offices behind one address.",
     "Stops guessing sooner."},
    {"auth.login_failure_window_s", IntegerType{300, 1, 86400, "s"}, "Time for which a failed login counts.",
     "Slows guessing more.", "Lets forgetful admins in sooner."},
    {"auth.password_threads", IntegerType{1, 1, 16, "threads"}, "Threads that check passwords, 19 MiB each.",
     "Logs more admins in at a time.", "Leaves cores to the bookings."},
    {"auth.password_queue", IntegerType{64, 1, 10000, "logins"},
     "Logins that wait for such a thread; a further one is refused with 503.",
     "Bears higher bursts, with longer waits.", "Refuses sooner."},

    {"check_in.check_in_early_minutes", IntegerType{120, 0, 525600, "minutes"},
     "Time before a session's start at which checking in begins.", "Lets staff begin earlier.",
     "Stops check-ins for the wrong day."},

    {"metrics.address", TextType{"127.0.0.1", TextForm::ip_address}, "The address of the metrics' own listener."},
    {"metrics.port", IntegerType{9464, 0, 65535, ""}, "The port of the metrics' own listener; 0 is none."},
    {"metrics.on_main_listener", FlagType{false}, "Serves /metrics on the main listener too, to everybody."},

    {"log.format", TextType{"json", TextForm::one_of_the_choices, log_formats},
     "One JSON object or one text per line."},
    {"log.level", TextType{"info", TextForm::one_of_the_choices, log_levels}, "The least serious lines to write."},
    {"log.file", TextType{"", TextForm::any}, "The file to append to; empty is standard error."},
};

}  // namespace

std::span<const Section> sections() {
  return section_table;
}

std::span<const Setting> settings() {
  return setting_table;
}

}  // namespace zl::server
