// The calls that prepare a rush and audit it. Each throws std::runtime_error with the server's words when it fails for
// good; what can pass (429, 503, a lost connection) is tried again for a while.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "rush/http_client.hpp"
#include "rush/model.hpp"
#include "rush/server_clock.hpp"

namespace zl::rush {

/// Reads GET /time several times and believes the quickest.
boost::asio::awaitable<ServerClock> read_clock(HttpClient& client);

/// The token of an admin account.
boost::asio::awaitable<std::string> admin_login(HttpClient& client, std::string username, std::string password);

/// Logs the parent in and adds the children; fills in user id, token and the children's ids.
boost::asio::awaitable<void> register_parent(HttpClient& client, Parent& parent);

/// The programme with all its published activities.
boost::asio::awaitable<Programme> read_programme(HttpClient& client, std::string id);

/// Makes a copy of the demo programme that opens `opens_in_s` from now and publishes its activities; fills in the ids
/// and opens_at. Returns when the public list shows all of them.
boost::asio::awaitable<void> make_demo_copy(HttpClient& client, std::string token, const ServerClock& clock,
                                            double opens_in_s, std::string tag, Programme& programme);

/// The activities of a programme as everybody sees them, by first start.
boost::asio::awaitable<std::vector<Activity>> list_activities(HttpClient& client, std::string programme_id);

/// The rosters of all activities, cancelled bookings included.
boost::asio::awaitable<std::vector<RosterEntry>> read_rosters(HttpClient& client, std::string token,
                                                              const Programme& programme);

}  // namespace zl::rush
