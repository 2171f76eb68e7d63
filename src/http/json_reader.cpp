#include "http/json_reader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace zl::http {
namespace {

// The contract names the first 50; what comes after them is only counted as a fault.
constexpr std::size_t faults_max = 50;

int saturated(std::int64_t number) {
  constexpr std::int64_t least = std::numeric_limits<int>::min();
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(number, least, most));
}

}  // namespace

void add_fault(Faults& faults, std::string pointer, std::string_view detail, std::string_view limit) {
  if (faults.size() >= faults_max) return;
  faults.push_back({std::move(pointer), std::string(detail), std::string(limit)});
}

void add_faults(Faults& faults, Faults more) {
  for (base::FieldError& fault : more) add_fault(faults, std::move(fault.pointer), fault.detail, fault.limit);
}

void ObjectReader::fault(std::string_view name, std::string_view detail, std::string_view limit) {
  add_fault(faults_, pointer(name), detail, limit);
}

const JsonValue* ObjectReader::find(std::string_view name, Need need) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].name != name) continue;
    asked_[i] = true;
    return &members_[i].value;
  }
  if (need == Need::required) fault(name, "is missing", "required");
  return nullptr;
}

bool ObjectReader::has(std::string_view name) {
  return find(name, Need::optional) != nullptr;
}

bool ObjectReader::is_null(std::string_view name) {
  const JsonValue* value = find(name, Need::optional);
  return value != nullptr && value->is_null();
}

const std::string* ObjectReader::text_member(std::string_view name, Need need) {
  const JsonValue* value = find(name, need);
  if (value == nullptr) return nullptr;
  const auto* text = std::get_if<std::string>(&value->content);
  if (text == nullptr) fault(name, "has the wrong type", "string");
  return text;
}

bool ObjectReader::text(std::string_view name, Need need, std::string& out) {
  const std::string* text = text_member(name, need);
  if (text != nullptr) out = base::trimmed(*text);
  return text != nullptr;
}

bool ObjectReader::text_as_sent(std::string_view name, Need need, std::string& out) {
  const std::string* text = text_member(name, need);
  if (text != nullptr) out = *text;
  return text != nullptr;
}

bool ObjectReader::text_or_null(std::string_view name, std::string& out) {
  if (!is_null(name)) return text(name, Need::optional, out);
  out.clear();
  return true;
}

bool ObjectReader::integer(std::string_view name, Need need, int& out) {
  const JsonValue* value = find(name, need);
  if (value == nullptr) return false;
  if (const auto* number = std::get_if<std::int64_t>(&value->content)) {
    out = saturated(*number);
  } else if (std::holds_alternative<std::uint64_t>(value->content)) {
    out = std::numeric_limits<int>::max();
  } else {
    fault(name, "has the wrong type", "integer");
    return false;
  }
  return true;
}

bool ObjectReader::integer_or_null(std::string_view name, std::optional<int>& out) {
  if (is_null(name)) {
    out.reset();
    return true;
  }
  int number = 0;
  if (!integer(name, Need::optional, number)) return false;
  out = number;
  return true;
}

bool ObjectReader::boolean(std::string_view name, Need need, bool& out) {
  const JsonValue* value = find(name, need);
  if (value == nullptr) return false;
  const auto* flag = std::get_if<bool>(&value->content);
  if (flag == nullptr) fault(name, "has the wrong type", "boolean");
  if (flag != nullptr) out = *flag;
  return flag != nullptr;
}

bool ObjectReader::instant(std::string_view name, Need need, base::Instant& out) {
  const std::string* text = text_member(name, need);
  if (text == nullptr) return false;
  const std::optional<base::Instant> parsed = base::parse_instant(*text);
  if (!parsed) fault(name, "is not an instant with an offset", "RFC 3339, 1900..2199");
  if (parsed) out = *parsed;
  return parsed.has_value();
}

bool ObjectReader::date(std::string_view name, Need need, base::Date& out) {
  const std::string* text = text_member(name, need);
  if (text == nullptr) return false;
  const std::optional<base::Date> parsed = base::parse_date(*text);
  if (!parsed) fault(name, "is not a day of the calendar", "YYYY-MM-DD, 1900..2199");
  if (parsed) out = *parsed;
  return parsed.has_value();
}

const JsonMembers* ObjectReader::object(std::string_view name, Need need) {
  const JsonValue* value = find(name, need);
  if (value == nullptr) return nullptr;
  const auto* members = std::get_if<JsonMembers>(&value->content);
  if (members == nullptr) fault(name, "has the wrong type", "object");
  return members;
}

const JsonArray* ObjectReader::array(std::string_view name, Need need) {
  const JsonValue* value = find(name, need);
  if (value == nullptr) return nullptr;
  const auto* items = std::get_if<JsonArray>(&value->content);
  if (items == nullptr) fault(name, "has the wrong type", "array");
  return items;
}

void ObjectReader::finish() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!asked_[i]) fault(members_[i].name, "is not known here");
  }
}

std::optional<JsonMembers> read_object(std::string_view body, Faults& faults) {
  std::variant<JsonValue, JsonFault> parsed = parse_json(body);
  if (auto* fault = std::get_if<JsonFault>(&parsed)) {
    add_fault(faults, std::move(fault->pointer), fault->detail);
    return std::nullopt;
  }
  auto* members = std::get_if<JsonMembers>(&std::get<JsonValue>(parsed).content);
  if (members == nullptr) {
    add_fault(faults, "", "has the wrong type", "object");
    return std::nullopt;
  }
  return std::move(*members);
}

}  // namespace zl::http
