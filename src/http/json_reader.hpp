// Reads the members of a request's body by name. All faults are collected, each with the pointer of its field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "http/json_value.hpp"
#include "http/wire_names.hpp"

namespace zl::http {

using Faults = std::vector<base::FieldError>;

void add_fault(Faults& faults, std::string pointer, std::string_view detail, std::string_view limit = {});
void add_faults(Faults& faults, Faults more);

/// Whether a member may be left out. What is absent or wrong leaves the caller's variable as it is.
enum class Need { required = 1, optional };

/// One object. The readers of members return true where they have written the value; null is a fault unless the
/// reader's name says otherwise. `finish()` faults every member that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const JsonMembers& members, std::string pointer, Faults& faults)
      : members_(members), pointer_(std::move(pointer)), faults_(faults), asked_(members.size(), false) {}

  /// Whether a member of this name was sent, whatever it holds.
  bool has(std::string_view name);

  bool text(std::string_view name, Need need, std::string& out);          ///< without outer spaces
  bool text_as_sent(std::string_view name, Need need, std::string& out);  ///< for what is no prose
  bool text_or_null(std::string_view name, std::string& out);             ///< null empties
  /// Any integer; one that an int cannot hold becomes the nearest that it can, which no bound of the domain lets pass.
  bool integer(std::string_view name, Need need, int& out);
  bool integer_or_null(std::string_view name, std::optional<int>& out);
  bool boolean(std::string_view name, Need need, bool& out);
  bool instant(std::string_view name, Need need, base::Instant& out);
  bool date(std::string_view name, Need need, base::Date& out);

  template <class IdType>
  bool id(std::string_view name, Need need, IdType& out) {
    const std::string* text = text_member(name, need);
    return text != nullptr && take_id(name, *text, out);
  }
  template <class IdType>
  bool id_or_null(std::string_view name, std::optional<IdType>& out) {
    if (is_null(name)) {
      out.reset();
      return true;
    }
    IdType read;
    if (!id(name, Need::optional, read)) return false;
    out = read;
    return true;
  }
  template <class Enum>
  bool choice(std::string_view name, Need need, Enum& out) {
    const std::string* text = text_member(name, need);
    if (text == nullptr) return false;
    const std::optional<Enum> known = value_named<Enum>(*text);
    if (!known) fault(name, "is none of the known values", names_of<Enum>());
    if (known) out = *known;
    return known.has_value();
  }

  const JsonMembers* object(std::string_view name, Need need);
  const JsonArray* array(std::string_view name, Need need);

  void fault(std::string_view name, std::string_view detail, std::string_view limit = {});
  std::string pointer(std::string_view name) const { return pointer_to(pointer_, name); }
  void finish();

 private:
  /// Nothing where it is absent, which is a fault where it is required.
  const JsonValue* find(std::string_view name, Need need);
  const std::string* text_member(std::string_view name, Need need);
  bool is_null(std::string_view name);

  template <class IdType>
  bool take_id(std::string_view name, const std::string& text, IdType& out) {
    const auto parsed = IdType::parse(text);
    if (!parsed) fault(name, "is not an id", "32 lower-case hex digits");
    if (parsed) out = *parsed;
    return parsed.has_value();
  }

  const JsonMembers& members_;
  const std::string pointer_;
  Faults& faults_;
  std::vector<bool> asked_;
};

/// The members of a body that has to be an object; nothing where it isn't, with the fault noted.
std::optional<JsonMembers> read_object(std::string_view body, Faults& faults);

}  // namespace zl::http
