#include "wechat/menu.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "app/converse.hpp"
#include "wechat/json.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

namespace json = boost::json;

constexpr std::size_t buttons_max = 3;
constexpr std::size_t sub_buttons_max = 5;
constexpr std::size_t name_bytes_max = 16;
constexpr std::size_t sub_name_bytes_max = 60;
constexpr std::size_t key_bytes_max = 128;
constexpr std::size_t url_bytes_max = 1024;
constexpr std::size_t text_limit_bytes = 64UL * 1024;

struct Field {
  std::string_view name;
  std::size_t bytes_max;
};
struct ButtonType {
  std::string_view name;
  std::array<Field, 3> fields{};  ///< that it must have; the rest is empty
};

constexpr Field key{"key", key_bytes_max};
constexpr Field url{"url", url_bytes_max};
constexpr std::array types{
    ButtonType{"click", {key}},
    ButtonType{"view", {url}},
    ButtonType{"scancode_push", {key}},
    ButtonType{"scancode_waitmsg", {key}},
    ButtonType{"pic_sysphoto", {key}},
    ButtonType{"pic_photo_or_album", {key}},
    ButtonType{"pic_weixin", {key}},
    ButtonType{"location_select", {key}},
    ButtonType{"media_id", {Field{"media_id", key_bytes_max}}},
    ButtonType{"article_id", {Field{"article_id", key_bytes_max}}},
    ButtonType{"miniprogram", {Field{"appid", key_bytes_max}, Field{"pagepath", url_bytes_max}, url}},
};

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

/// Collects what is wrong, each with the place of the button.
class Check {
 public:
  std::vector<std::string> faults;

  void menu(const json::object& menu) {
    if (menu.contains("menu")) return fault("", R"(leave out the outer "menu": the text begins with {"button":[)");
    const json::array* buttons = array_of(menu, "button");
    if (buttons == nullptr || buttons->empty() || buttons->size() > buttons_max) {
      return fault("", "\"button\" must be a list of 1 to " + std::to_string(buttons_max) + " buttons");
    }
    for (std::size_t i = 0; i < buttons->size(); ++i) top(at("button", i), (*buttons)[i]);
  }

 private:
  static std::string at(std::string_view list, std::size_t index) {
    return std::string(list).append("[").append(std::to_string(index)).append("]");
  }
  static const json::array* array_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
    return value == nullptr ? nullptr : value->if_array();
  }

  void fault(std::string_view place, std::string_view sentence) {
    faults.push_back(std::string(place).append(place.empty() ? "" : ": ").append(sentence));
  }

  void top(const std::string& place, const json::value& value) {
    const json::object* button = value.if_object();
    if (button == nullptr) return fault(place, "must be an object");
    sized(place, *button, {"name", name_bytes_max});
    const json::array* subs = array_of(*button, "sub_button");
    if (subs == nullptr || subs->empty()) return action(place, *button);
    if (subs->size() > sub_buttons_max) {
      fault(place, "has more than " + std::to_string(sub_buttons_max) + " buttons below it");
    }
    for (std::size_t i = 0; i < subs->size(); ++i) sub(place + "." + at("sub_button", i), (*subs)[i]);
  }

  void sub(const std::string& place, const json::value& value) {
    const json::object* button = value.if_object();
    if (button == nullptr) return fault(place, "must be an object");
    sized(place, *button, {"name", sub_name_bytes_max});
    action(place, *button);
  }

  void action(const std::string& place, const json::object& button) {
    const std::string name = text_of(button, "type");
    const auto* const type = std::ranges::find(types, std::string_view(name), &ButtonType::name);
    if (type == types.end()) return fault(place, "\"type\" is none that the platform has: \"" + name + "\"");
    for (const Field& field : type->fields) {
      if (!field.name.empty()) sized(place, button, field);
    }
    const std::string address = text_of(button, "url");
    if (!address.empty() && !origin_of(address)) fault(place, "\"url\" must begin with https:// or http://");
  }

  void sized(const std::string& place, const json::object& button, const Field& field) {
    const std::size_t bytes = text_of(button, field.name).size();
    if (bytes >= 1 && bytes <= field.bytes_max) return;
    fault(place, "\"" + std::string(field.name) + "\" must have 1 to " + std::to_string(field.bytes_max) +
                     " bytes (a Chinese character has 3), not " + std::to_string(bytes));
  }
};

}  // namespace

std::string default_menu(std::string_view public_url) {
  const auto click = [](std::string_view name, std::string_view button_key) {
    return R"({"type":"click","name":)" + json_text(name) + R"(,"key":)" + json_text(button_key) + "}";
  };
  return R"({"button":[)" + click("我的预约", app::menu_my_bookings) + "," + click("今日活动", app::menu_today) +
         R"(,{"type":"view","name":"报名","url":)" + json_text(std::string(public_url) + "/") + "}]}";
}

CheckedMenu check_menu(std::string_view text) {
  CheckedMenu checked;
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || text.size() > text_limit_bytes || !value.is_object()) {
    checked.faults.emplace_back("the menu is no JSON object in UTF-8: " + (error ? error.message() : "too large"));
    return checked;
  }
  Check check;
  check.menu(value.get_object());
  checked.faults = std::move(check.faults);
  checked.json = json::serialize(value);
  return checked;
}

}  // namespace zl::wechat
