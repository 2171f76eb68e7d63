#include "http/json_value.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <unordered_set>
#include <utility>

namespace zl::http {
namespace {

namespace json = boost::json;
using json::error_code;

/// Takes the parser's events and builds the tree. The open values are a stack, as deep as the text nests.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  JsonValue take() { return std::move(root_); }
  const std::optional<std::string>& doubled() const { return doubled_; }

  bool on_document_begin(error_code& /*error*/) { return true; }
  bool on_document_end(error_code& /*error*/) { return true; }
  bool on_array_begin(error_code& /*error*/) { return open({JsonArray()}); }
  bool on_array_end(std::size_t /*size*/, error_code& /*error*/) { return close(); }
  bool on_object_begin(error_code& /*error*/) { return open({JsonMembers()}); }
  bool on_object_end(std::size_t /*size*/, error_code& error) {
    note_double_names();
    if (doubled_) error = json::make_error_code(json::error::syntax);
    return close() && !doubled_;
  }
  bool on_string_part(json::string_view part, std::size_t /*size*/, error_code& /*error*/) { return collect(part); }
  bool on_string(json::string_view part, std::size_t /*size*/, error_code& /*error*/) {
    collect(part);
    return put({std::exchange(text_, {})});
  }
  bool on_key_part(json::string_view part, std::size_t /*size*/, error_code& /*error*/) { return collect(part); }
  bool on_key(json::string_view part, std::size_t /*size*/, error_code& /*error*/) {
    collect(part);
    open_.back().name = std::exchange(text_, {});
    return true;
  }
  bool on_number_part(json::string_view /*part*/, error_code& /*error*/) { return true; }
  bool on_int64(std::int64_t number, json::string_view /*text*/, error_code& /*error*/) { return put({number}); }
  bool on_uint64(std::uint64_t number, json::string_view /*text*/, error_code& /*error*/) { return put({number}); }
  bool on_double(double /*number*/, json::string_view /*text*/, error_code& /*error*/) { return put({JsonReal()}); }
  bool on_bool(bool flag, error_code& /*error*/) { return put({flag}); }
  bool on_null(error_code& /*error*/) { return put({JsonNull()}); }
  bool on_comment_part(json::string_view /*part*/, error_code& /*error*/) { return true; }
  bool on_comment(json::string_view /*part*/, error_code& /*error*/) { return true; }

 private:
  struct Open {
    JsonValue value;   ///< the array or object
    std::string name;  ///< of the member whose value comes next
  };

  bool collect(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool open(JsonValue value) {
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }
  bool put(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<JsonArray>(&open_.back().value.content)) {
      array->push_back(std::move(value));
    } else {
      std::get<JsonMembers>(open_.back().value.content).push_back({std::move(open_.back().name), std::move(value)});
    }
    return true;
  }

  /// By hash and not pairwise: a body may hold thousands of members.
  void note_double_names() {
    std::unordered_set<std::string_view> seen;
    for (const JsonMember& member : std::get<JsonMembers>(open_.back().value.content)) {
      if (seen.insert(member.name).second) continue;
      doubled_ = pointer_to(pointer_of_open(), member.name);
      return;
    }
  }

  std::string pointer_of_open() const {
    std::string pointer;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const auto* array = std::get_if<JsonArray>(&open_[i].value.content);
      pointer = array != nullptr ? pointer_to(pointer, array->size()) : pointer_to(pointer, open_[i].name);
    }
    return pointer;
  }

  std::vector<Open> open_;
  std::string text_;
  JsonValue root_;
  std::optional<std::string> doubled_;
};

}  // namespace

std::variant<JsonValue, JsonFault> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = json_depth_limit;
  json::basic_parser<TreeBuilder> parser(options);
  error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().doubled()) return JsonFault{*parser.handler().doubled(), "stands there twice"};
  if (error == json::error::too_deep) return JsonFault{"", "the JSON is nested too deeply"};
  if (error || used != text.size()) return JsonFault{"", "is not well-formed JSON"};
  return parser.handler().take();
}

std::string pointer_to(std::string_view parent, std::string_view name) {
  constexpr std::size_t name_limit = 100;
  std::string pointer(parent);
  pointer.push_back('/');
  if (name.size() > name_limit) return pointer.append("…");
  for (const char c : name) {
    if (c == '~') {
      pointer.append("~0");
    } else if (c == '/') {
      pointer.append("~1");
    } else {
      pointer.push_back(c);
    }
  }
  return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
  return std::string(parent).append("/").append(std::to_string(index));
}

}  // namespace zl::http
