// Every call of the API, grouped by subject. Each reads the request, calls one use case and writes the answer; who may
// call and what a body must be is the route table's to say.
#pragma once

#include "http/api.hpp"

namespace zl::http {

// api_sessions.cpp: coming and going.
asio::awaitable<Answer> login_dev(const Api& api, Request& request);
asio::awaitable<Answer> login_staff(const Api& api, Request& request);
asio::awaitable<Answer> logout(const Api& api, Request& request);

// api_platform.cpp: logging in by the chat platform, and what its scripts need.
asio::awaitable<Answer> login_platform(const Api& api, Request& request);
asio::awaitable<Answer> login_platform_return(const Api& api, Request& request);
asio::awaitable<Answer> get_login_page(const Api& api, Request& request);
asio::awaitable<Answer> login_mini(const Api& api, Request& request);
asio::awaitable<Answer> get_js_config(const Api& api, Request& request);
asio::awaitable<Answer> get_verify_file(const Api& api, Request& request);

// api_people.cpp: a user and their attendees.
asio::awaitable<Answer> get_me(const Api& api, Request& request);
asio::awaitable<Answer> create_attendee(const Api& api, Request& request);
asio::awaitable<Answer> update_attendee(const Api& api, Request& request);
asio::awaitable<Answer> delete_attendee(const Api& api, Request& request);

// api_catalogue.cpp: what everybody may read, from memory.
asio::awaitable<Answer> list_stations(const Api& api, Request& request);
asio::awaitable<Answer> get_station(const Api& api, Request& request);
asio::awaitable<Answer> list_programmes(const Api& api, Request& request);
asio::awaitable<Answer> get_programme(const Api& api, Request& request);
asio::awaitable<Answer> list_activities(const Api& api, Request& request);
asio::awaitable<Answer> get_activity(const Api& api, Request& request);
asio::awaitable<Answer> get_time(const Api& api, Request& request);

// api_bookings.cpp: seats.
Reply create_booking(const Api& api, Request& request);
asio::awaitable<Answer> list_my_bookings(const Api& api, Request& request);
asio::awaitable<Answer> get_booking(const Api& api, Request& request);
asio::awaitable<Answer> cancel_booking(const Api& api, Request& request);

// api_admin_catalogue.cpp: stations and programmes, for admins.
asio::awaitable<Answer> admin_list_stations(const Api& api, Request& request);
asio::awaitable<Answer> admin_create_station(const Api& api, Request& request);
asio::awaitable<Answer> admin_get_station(const Api& api, Request& request);
asio::awaitable<Answer> admin_update_station(const Api& api, Request& request);
asio::awaitable<Answer> admin_list_programmes(const Api& api, Request& request);
asio::awaitable<Answer> admin_create_programme(const Api& api, Request& request);
asio::awaitable<Answer> admin_get_programme(const Api& api, Request& request);
asio::awaitable<Answer> admin_update_programme(const Api& api, Request& request);

// api_admin_activities.cpp
asio::awaitable<Answer> admin_list_activities(const Api& api, Request& request);
asio::awaitable<Answer> admin_create_activity(const Api& api, Request& request);
asio::awaitable<Answer> admin_get_activity(const Api& api, Request& request);
asio::awaitable<Answer> admin_update_activity(const Api& api, Request& request);
asio::awaitable<Answer> admin_publish_activity(const Api& api, Request& request);
asio::awaitable<Answer> admin_cancel_activity(const Api& api, Request& request);

// api_door.cpp: roster and check-in.
asio::awaitable<Answer> admin_get_roster(const Api& api, Request& request);
asio::awaitable<Answer> admin_check_in(const Api& api, Request& request);
asio::awaitable<Answer> admin_undo_check_in(const Api& api, Request& request);

// api_exports.cpp: rosters for spreadsheets.
asio::awaitable<Answer> admin_roster_csv(const Api& api, Request& request);
asio::awaitable<Answer> admin_roster_xlsx(const Api& api, Request& request);

// api_scene_codes.cpp: QR codes of the chat platform.
asio::awaitable<Answer> admin_get_station_code(const Api& api, Request& request);
asio::awaitable<Answer> admin_get_session_code(const Api& api, Request& request);

// api_admin_accounts.cpp
asio::awaitable<Answer> admin_list_accounts(const Api& api, Request& request);
asio::awaitable<Answer> admin_create_account(const Api& api, Request& request);
asio::awaitable<Answer> admin_update_account(const Api& api, Request& request);

// api_audit.cpp
asio::awaitable<Answer> admin_list_audit(const Api& api, Request& request);

// api_wechat_callback.cpp: what the chat platform pushes.
asio::awaitable<Answer> check_wechat_url(const Api& api, Request& request);
asio::awaitable<Answer> take_wechat_push(const Api& api, Request& request);

// api_service.cpp: the service itself.
asio::awaitable<Answer> get_contract(const Api& api, Request& request);
asio::awaitable<Answer> get_problem_page(const Api& api, Request& request);
asio::awaitable<Answer> get_health(const Api& api, Request& request);
asio::awaitable<Answer> get_readiness(const Api& api, Request& request);
asio::awaitable<Answer> get_metrics(const Api& api, Request& request);

}  // namespace zl::http
