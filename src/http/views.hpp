// How things look on the wire: one function for each thing, as openapi.json describes it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/attendance_store.hpp"
#include "app/booking_ids.hpp"
#include "app/catalogue.hpp"
#include "domain/booking.hpp"
#include "domain/catalogue.hpp"
#include "domain/people.hpp"
#include "domain/violation.hpp"
#include "http/json_writer.hpp"

namespace zl::http {

void write(JsonWriter& json, const domain::User& user);
void write(JsonWriter& json, const domain::Attendee& attendee);
void write(JsonWriter& json, const domain::Station& station);
/// A station with its points, each as write(Station) shows it.
void write_node(JsonWriter& json, const domain::Station& station, const app::Catalogue& catalogue);
void write(JsonWriter& json, const domain::Programme& programme);

/// What of an activity is shown beside itself.
struct ActivityContext {
  const domain::Programme& programme;
  const domain::Station& station;
  int remaining = 0;
  base::Instant now;  ///< by the gate's clock
};

/// What an activity is shown with, as far as this process knows.
ActivityContext context_of(const app::ActivityEntry& entry, base::Instant now);

/// An activity as everybody sees it; `server_time` is context.now as instant_text() gives it.
void write(JsonWriter& json, const app::ActivityEntry& entry, const ActivityContext& context,
           std::string_view server_time);
/// An activity without seats, state and time, and where in the text they go.
std::array<std::size_t, 3> write_shell(JsonWriter& json, const app::ActivityEntry& entry);
/// What write(ActivityEntry) puts together with seats, state and time.
const app::ActivityText& text_of(const app::ActivityEntry& entry, int offset_minutes);
/// As JSON.
std::string instant_text(base::Instant instant, int offset_minutes);
/// With what only staff sees. `seats_taken` is the ledger's count.
void write_for_staff(JsonWriter& json, const domain::Activity& activity, const ActivityContext& context,
                     int seats_taken);
domain::PublicState state_of(const domain::Activity& activity, const ActivityContext& context);

void write(JsonWriter& json, const domain::Violation& violation);
/// `sold_out_at` is written where it is known.
void write(JsonWriter& json, const domain::Receipt& receipt, std::optional<base::Instant> sold_out_at = std::nullopt);
void write(JsonWriter& json, const domain::Booking& booking, const app::BookingIds& ids);
/// With the title and the first start of its activity.
void write_item(JsonWriter& json, const domain::Booking& booking, const app::BookingIds& ids,
                const domain::Activity& activity);

void write(JsonWriter& json, const app::RosterEntry& entry);
void write(JsonWriter& json, const app::CheckIn& check_in);
void write(JsonWriter& json, const domain::Account& account);
void write(JsonWriter& json, const app::AuditEntry& entry);

}  // namespace zl::http
