#include "http/query.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace zl::http {
namespace {

/// The next "name=value" of a query, which is shortened by it.
std::string_view take_parameter(std::string_view& query) {
  const std::size_t end = std::min(query.find('&'), query.size());
  const std::string_view parameter = query.substr(0, end);
  query.remove_prefix(std::min(end + 1, query.size()));
  return parameter;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!base::utf8_length(decoded)) return std::nullopt;
  return decoded;
}

bool is_among(std::string_view name, std::string_view known) {
  while (!known.empty()) {
    const std::size_t end = std::min(known.find(' '), known.size());
    if (known.substr(0, end) == name) return true;
    known.remove_prefix(std::min(end + 1, known.size()));
  }
  return false;
}

/// "?name"; a name that can't be shown stands as "?".
std::string pointer_of(const std::optional<std::string>& name) {
  constexpr std::size_t name_limit = 100;
  return name && name->size() <= name_limit ? "?" + *name : "?";
}

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view kept) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || kept.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name, bool& malformed) {
  while (!query.empty()) {
    const std::string_view parameter = take_parameter(query);
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    if (percent_decoded(parameter.substr(0, equals)) != name) continue;
    std::optional<std::string> value = percent_decoded(parameter.substr(std::min(equals + 1, parameter.size())));
    malformed = !value;
    return value;
  }
  return std::nullopt;
}

Faults check_query_names(std::string_view query, std::string_view known, Others others) {
  Faults faults;
  if (query.empty()) return faults;
  std::unordered_set<std::string> seen;
  while (!query.empty()) {
    const std::string_view parameter = take_parameter(query);
    if (parameter.empty()) continue;
    const std::optional<std::string> name = percent_decoded(parameter.substr(0, parameter.find('=')));
    if (!name || !is_among(*name, known)) {
      if (others == Others::ignored) continue;
      add_fault(faults, pointer_of(name), "is not known here");
    } else if (!seen.insert(*name).second) {
      add_fault(faults, pointer_of(name), "stands there twice");
    }
  }
  return faults;
}

void QueryReader::fault(std::string_view name, std::string_view detail, std::string_view limit) {
  add_fault(faults_, "?" + std::string(name), detail, limit);
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  bool malformed = false;
  std::optional<std::string> value = query_value(query_, name, malformed);
  if (malformed) fault(name, "is not well-formed UTF-8");
  return value;
}

void QueryReader::integer(std::string_view name, int min, int max, std::optional<int>& out) {
  const std::optional<std::string> sent = text(name);
  if (!sent) return;
  int number = 0;
  const char* end = sent->data() + sent->size();
  const auto [stop, error] = std::from_chars(sent->data(), end, number);
  if (sent->empty() || stop != end || error != std::errc() || number < min || number > max) {
    fault(name, "the number is out of bounds", std::to_string(min) + ".." + std::to_string(max));
  } else {
    out = number;
  }
}

void QueryReader::boolean(std::string_view name, bool& out) {
  const std::optional<std::string> sent = text(name);
  if (!sent) return;
  if (*sent != "true" && *sent != "false") return fault(name, "is none of the known values", "true, false");
  out = *sent == "true";
}

void QueryReader::instant(std::string_view name, std::optional<base::Instant>& out) {
  const std::optional<std::string> sent = text(name);
  if (!sent) return;
  out = base::parse_instant(*sent);
  if (!out) fault(name, "is not an instant with an offset", "RFC 3339, 1900..2199");
}

std::optional<std::string> read_idempotency_key(const Request& request, Need need, Faults& faults) {
  namespace limits = base::limits;
  std::string_view key = request.idempotency_key;
  if (key.data() == nullptr) {
    if (need == Need::required) add_fault(faults, "Idempotency-Key", "is missing", "required");
    return std::nullopt;
  }
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  const bool fits = key.size() >= limits::idempotency_key_min && key.size() <= limits::idempotency_key_max &&
                    std::ranges::all_of(key, is_key_character);
  if (!fits) {
    add_fault(faults, "Idempotency-Key", "is no key", "8..64 characters of A-Z, a-z, 0-9, _ and -");
    return std::nullopt;
  }
  return std::string(key);
}

}  // namespace zl::http
