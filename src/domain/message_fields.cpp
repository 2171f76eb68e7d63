#include "domain/message_fields.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace zl::domain {
namespace {

enum class Alphabet { any = 1, ascii, han };

struct FieldKind {
  std::string_view name;
  std::size_t length_max = 0;
  Alphabet alphabet = Alphabet::any;
  bool is_time = false;
};

constexpr std::array field_kinds{
    FieldKind{"thing", 20},
    FieldKind{"short_thing", 5},
    FieldKind{"const", 20},
    FieldKind{"name", 10, Alphabet::han},
    FieldKind{"phrase", 5, Alphabet::han},
    FieldKind{"character_string", 32, Alphabet::ascii},
    FieldKind{"time", 64, Alphabet::any, true},
    FieldKind{"date", 64, Alphabet::any, true},
};

struct SlotName {
  std::string_view name;
  MessageSlot slot;
  bool is_time = false;
};

constexpr std::array slot_names{
    SlotName{"activity", MessageSlot::activity},   SlotName{"station", MessageSlot::station},
    SlotName{"attendee", MessageSlot::attendee},   SlotName{"starts_at", MessageSlot::starts_at, true},
    SlotName{"period", MessageSlot::period, true}, SlotName{"venue", MessageSlot::venue},
    SlotName{"note", MessageSlot::note},           SlotName{"state", MessageSlot::state},
    SlotName{"until", MessageSlot::until, true},   SlotName{"number", MessageSlot::number},
};

/// By the name before its number: "thing" of "thing12".
const FieldKind* kind_of(std::string_view field_name) {
  const std::size_t digits = field_name.find_first_of("0123456789");
  if (digits == std::string_view::npos || digits + 2 < field_name.size()) return nullptr;
  if (field_name.find_first_not_of("0123456789", digits) != std::string_view::npos) return nullptr;
  const auto* const found = std::ranges::find(field_kinds, field_name.substr(0, digits), &FieldKind::name);
  return found == field_kinds.end() ? nullptr : found;
}

/// Characters of well-formed UTF-8, one at a time.
std::string_view take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
  const std::string_view character = text.substr(0, length);
  text.remove_prefix(character.size());
  return character;
}

/// U+4E00 to U+9FFF, the common Chinese characters.
bool is_han(std::string_view character) {
  return character.size() == 3 && character >= "\xE4\xB8\x80" && character <= "\xE9\xBF\xBF";
}

/// C0, DEL, C1 and the separators U+2028 and U+2029.
bool is_control(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return lead < 0x20U || lead == 0x7FU;
  if (character.size() == 2) return lead == 0xC2U && static_cast<unsigned char>(character[1]) < 0xA0U;
  return character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

bool is_allowed(std::string_view character, Alphabet alphabet) {
  switch (alphabet) {
    case Alphabet::any:
      return true;
    case Alphabet::ascii:
      return character.size() == 1;
    case Alphabet::han:
      return is_han(character);
  }
  return false;
}

constexpr std::size_t weight_of(std::string_view character) {
  return character.size() == 4 ? 2 : 1;
}

struct Cleaned {
  std::vector<std::string_view> characters;
  std::size_t length = 0;
};

Cleaned cleaned(std::string_view value, Alphabet alphabet) {
  Cleaned clean;
  bool after_space = true;  // so that none begins it
  while (!value.empty()) {
    std::string_view character = take_character(value);
    if (is_control(character)) character = " ";
    if (!is_allowed(character, alphabet) || (character == " " && after_space)) continue;
    after_space = character == " ";
    clean.characters.push_back(character);
    clean.length += weight_of(character);
  }
  if (after_space && !clean.characters.empty()) {
    clean.characters.pop_back();
    clean.length -= 1;
  }
  return clean;
}

std::string cut(const Cleaned& clean, const FieldKind& kind) {
  const bool marked = clean.length > kind.length_max && kind.alphabet == Alphabet::any;
  const std::size_t room = kind.length_max - (marked ? 1 : 0);
  std::string text;
  std::size_t length = 0;
  for (const std::string_view character : clean.characters) {
    length += weight_of(character);
    if (length > room) break;
    text += character;
  }
  if (marked) text += "…";
  return text;
}

struct Civil {
  base::Date date;
  int minute_of_day = 0;
};

Civil civil(base::Instant instant, int offset_minutes) {
  const base::Date date = base::civil_day(instant, offset_minutes);
  const auto since_midnight = instant - base::start_of_day(date, offset_minutes);
  return {date, static_cast<int>(std::chrono::floor<std::chrono::minutes>(since_midnight).count())};
}

std::string clock_text(int minute_of_day) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minute_of_day / 60) + ":" + two(minute_of_day % 60);
}

std::string_view take_word(std::string_view& text) {
  const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(start);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// The platform's ids are of letters, digits, "_" and "-".
bool is_template_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<MessageTemplate::Field> parse_field(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, equals);
  const FieldKind* const kind = kind_of(name);
  const auto* const slot = std::ranges::find(slot_names, text.substr(equals + 1), &SlotName::name);
  if (kind == nullptr || slot == slot_names.end()) return std::nullopt;
  // A time in words where the platform wants a time would be refused.
  if (kind->is_time && !slot->is_time) return std::nullopt;
  return MessageTemplate::Field{std::string(name), slot->slot};
}

}  // namespace

std::optional<MessageTemplate> MessageTemplate::parse(std::string_view text) {
  MessageTemplate parsed;
  parsed.id = take_word(text);
  if (!is_template_id(parsed.id)) return std::nullopt;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    std::optional<Field> field = parse_field(word);
    if (!field || std::ranges::find(parsed.fields, field->name, &Field::name) != parsed.fields.end()) {
      return std::nullopt;
    }
    parsed.fields.push_back(*std::move(field));
  }
  if (parsed.fields.empty()) {
    parsed.fields = {{"thing1", MessageSlot::activity},
                     {"time2", MessageSlot::starts_at},
                     {"thing3", MessageSlot::venue},
                     {"thing4", MessageSlot::note}};
  }
  return parsed;
}

std::string fitted(std::string_view field_name, std::string_view value) {
  static constexpr FieldKind strictest{"", 5};
  const FieldKind* const known = kind_of(field_name);
  const FieldKind& kind = known == nullptr ? strictest : *known;
  std::string text = cut(cleaned(value, kind.alphabet), kind);
  if (!text.empty()) return text;
  return kind.alphabet == Alphabet::ascii ? "-" : "无";
}

std::string time_text(base::Instant instant, int offset_minutes) {
  const auto [date, minute_of_day] = civil(instant, offset_minutes);
  return std::to_string(static_cast<int>(date.year())) + "年" + std::to_string(static_cast<unsigned>(date.month())) +
         "月" + std::to_string(static_cast<unsigned>(date.day())) + "日 " + clock_text(minute_of_day);
}

std::string period_text(const Interval& period, int offset_minutes) {
  const Civil start = civil(period.starts_at, offset_minutes);
  const Civil end = civil(period.ends_at, offset_minutes);
  const std::string last =
      start.date == end.date ? clock_text(end.minute_of_day) : time_text(period.ends_at, offset_minutes);
  return time_text(period.starts_at, offset_minutes) + "~" + last;
}

std::string masked_name(std::string_view name) {
  std::string_view last;
  while (!name.empty()) last = take_character(name);
  return "*" + std::string(last);
}

}  // namespace zl::domain
