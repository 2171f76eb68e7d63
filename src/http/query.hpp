// Reads what a request says beside its body: query parameters and the Idempotency-Key. All faults are collected.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "http/json_reader.hpp"
#include "http/request.hpp"
#include "http/wire_names.hpp"

namespace zl::http {

/// The value of a query parameter, percent-decoded, "+" being a space; nothing where it is absent. `malformed` is set
/// where the encoding is broken or gives no UTF-8.
std::optional<std::string> query_value(std::string_view query, std::string_view name, bool& malformed);

/// Every byte but letters, digits and those of `kept` as %XX.
std::string percent_encoded(std::string_view text, std::string_view kept);

/// Parameters of names that are not known, which somebody else may have added.
enum class Others { refused = 1, ignored };

/// Parameters that are not among the known names (separated by spaces) or stand there twice.
Faults check_query_names(std::string_view query, std::string_view known, Others others = Others::refused);

/// Parameters by name; each is optional, and leaves `out` as it is where it is absent or wrong.
class QueryReader {
 public:
  QueryReader(const Request& request, Faults& faults) : query_(request.query), faults_(faults) {}

  std::optional<std::string> text(std::string_view name);
  void integer(std::string_view name, int min, int max, std::optional<int>& out);
  void boolean(std::string_view name, bool& out);
  void instant(std::string_view name, std::optional<base::Instant>& out);

  template <class IdType>
  void id(std::string_view name, std::optional<IdType>& out) {
    const std::optional<std::string> sent = text(name);
    if (!sent) return;
    out = IdType::parse(*sent);
    if (!out) fault(name, "is not an id", "32 lower-case hex digits");
  }
  template <class Enum>
  void choice(std::string_view name, std::optional<Enum>& out) {
    const std::optional<std::string> sent = text(name);
    if (!sent) return;
    out = value_named<Enum>(*sent);
    if (!out) fault(name, "is none of the known values", names_of<Enum>());
  }

  void fault(std::string_view name, std::string_view detail, std::string_view limit = {});

 private:
  std::string_view query_;
  Faults& faults_;
};

/// The key, bare or quoted in the header, without quotes. Nothing where none was sent, which is a fault where it is
/// required.
std::optional<std::string> read_idempotency_key(const Request& request, Need need, Faults& faults);

}  // namespace zl::http
