// The fields of a message and what the platform lets stand in them. It refuses a message for one bad field, so every
// value is made to fit before it is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/rules.hpp"

namespace zl::domain {

/// What may be told in a field, as a template's configuration names it.
enum class MessageSlot {
  activity = 1,  ///< its title
  station,
  attendee,  ///< masked_name()
  starts_at,
  period,  ///< from start to end
  venue,
  note,    ///< a sentence on what happened; of a cancellation the station's reason
  state,   ///< the same in at most five characters
  until,   ///< to when an offer stands
  number,  ///< of the booking
};

struct MessageField {
  std::string name;  ///< "thing1"
  std::string value;

  bool operator==(const MessageField&) const = default;
};

/// A template of the platform's as configured: its id, then its fields, each with what it tells: "TEMPLATE_ID
/// thing1=activity time2=starts_at thing3=venue". An id alone has those three and thing4=note.
struct MessageTemplate {
  struct Field {
    std::string name;
    MessageSlot slot = MessageSlot::activity;
  };

  std::string id;
  std::vector<Field> fields;

  /// Nothing for a text of another form, a field of a kind that is unknown or can't hold the slot, or one that occurs
  /// twice. Fields are thing, time, date, phrase, name, character_string, short_thing and const, with a number.
  static std::optional<MessageTemplate> parse(std::string_view text);
};

/// `value` made to fit a field of that name: at most 20 characters in a thing, five in a phrase and so on, the end cut
/// off behind "…" where there is room for it; line breaks and control characters become spaces, what the field doesn't
/// allow goes, and a value of which nothing is left becomes "无" or "-". Characters outside the BMP count twice.
/// Source: "Parameter categories" of subscription messages, developers.weixin.qq.com.
std::string fitted(std::string_view field_name, std::string_view value);

/// "2026年7月6日 09:00", and "2026年7月6日 09:00~10:00".
std::string time_text(base::Instant instant, int offset_minutes);
std::string period_text(const Interval& period, int offset_minutes);

/// "*明": enough to tell siblings apart, and no more for the platform and whoever looks at the phone.
std::string masked_name(std::string_view name);

}  // namespace zl::domain
