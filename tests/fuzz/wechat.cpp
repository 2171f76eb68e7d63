// What the platform's side may send: XML, pushes, sealed bodies, JSON answers, addresses. The first byte chooses.
// Nothing fails, what is accepted keeps its promises, and what wasn't sealed for us stays shut.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "app/reply_text.hpp"
#include "app/said_words.hpp"
#include "app/scenes.hpp"
#include "base/text.hpp"
#include "runtime/random_device.hpp"
#include "wechat/aes_cbc.hpp"
#include "wechat/base64.hpp"
#include "wechat/callback.hpp"
#include "wechat/error_table.hpp"
#include "wechat/js_signature.hpp"
#include "wechat/json.hpp"
#include "wechat/message_cipher.hpp"
#include "wechat/mini_program.hpp"
#include "wechat/push_reader.hpp"
#include "wechat/signature.hpp"
#include "wechat/url.hpp"
#include "wechat/xml.hpp"

namespace zl::wechat {
namespace {

const std::string token = "AAAAA";
const std::string aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const std::string appid = "wxba5fad812f8e6fb9";
runtime::SystemRandom chance;

void hold(bool property, const char* what) {
  if (property) return;
  std::fprintf(stderr, "PROPERTY BROKEN: %s\n", what);
  std::abort();
}

const MessageCipher& cipher() {
  static const MessageCipher one = MessageCipher::create(aes_key, appid).value();
  return one;
}
const Callback& callback(CallbackMode mode) {
  static const Callback plain = Callback::create({CallbackMode::plain, token, aes_key, appid}).value();
  static const Callback compatible = Callback::create({CallbackMode::compatible, token, aes_key, appid}).value();
  static const Callback safe = Callback::create({CallbackMode::safe, token, aes_key, appid}).value();
  return mode == CallbackMode::plain ? plain : mode == CallbackMode::safe ? safe : compatible;
}

app::PushQuery signed_query(std::string_view encrypted) {
  app::PushQuery query;
  query.timestamp = "1714112445";
  query.nonce = "415670741";
  query.signature = signature_of({token, query.timestamp, query.nonce});
  query.encrypt_type = "aes";
  query.msg_signature = signature_of({token, query.timestamp, query.nonce, encrypted});
  return query;
}

void check_answer(const Callback& of, const Received& received, std::string_view text) {
  const auto answer = XmlElement::parse(of.answer(received, "1", text, 1, chance));
  hold(answer.has_value(), "an answer is XML");
  hold(answer->has("Encrypt") == received.sealed, "an answer is sealed where the push was");
}

/// What is done with the words of a chat. `text` is UTF-8.
void check_words(const std::string& text) {
  const app::SaidWish said = app::wish_of(text);
  hold((said.wish == app::Wish::cancel) == (said.number != 0), "a number goes with cancelling alone");
  hold(said.number >= 0 && said.number <= 99, "a number of its size");
  const auto scene = app::parse_scene(text);
  if (scene) hold(std::visit([](const auto& id) { return app::scene_name(id); }, *scene) == text, "a scene's own name");
  const std::string reply = app::list_text(text.substr(0, text.find('\n')), {text, text}, "");
  hold(reply.size() <= app::reply_limit_bytes, "an answer of its size");
  hold(base::utf8_length(reply).has_value(), "an answer is cut between characters");
}

void check_xml(std::string_view input) {
  const auto xml = XmlElement::parse(input);
  if (!xml) return;
  hold(base::utf8_length(xml->text("Content")).has_value(), "a text is UTF-8");
  check_words(xml->text("Content"));
  const std::string again = "<xml>" + xml_cdata("A", xml->text("Content")) + "</xml>";
  hold(XmlElement::parse(again).has_value(), "what was read can be written");
  xml->child("SubscribeMsgPopupEvent").children("List", push_list_limit);
}

void check_push(std::string_view input) {
  const auto push = read_push(input);
  if (!push) return;
  hold(!push->key.empty() && push->key.size() <= 64, "a key of its size");
  hold(push->key == read_push(input)->key, "the same key again");
  hold(!push->openid.empty() && push->openid.size() <= 128, "an openid of its size");
  check_answer(callback(CallbackMode::plain), {*push, false}, input);
}

void check_plain_request(std::string_view input) {
  app::PushQuery query = signed_query("");
  query.encrypt_type = "";
  for (const CallbackMode mode : {CallbackMode::plain, CallbackMode::compatible}) {
    const auto outcome = callback(mode).receive(query, input);
    const auto* fault = std::get_if<CallbackFault>(&outcome);
    hold(fault == nullptr || *fault == CallbackFault::unreadable, "a signed address");
  }
}

/// The input as the plain text under a genuine key and signature.
void check_sealed_request(std::string_view input) {
  if (input.size() > message_limit_bytes) return;
  const std::string encrypted = cipher().seal(input, chance);
  hold(cipher().open(encrypted) == std::string(input), "what was sealed opens");
  const std::string body = "<xml>" + xml_cdata("Encrypt", encrypted) + "</xml>";
  const auto outcome = callback(CallbackMode::safe).receive(signed_query(encrypted), body);
  if (const auto* received = std::get_if<Received>(&outcome)) {
    check_answer(callback(CallbackMode::safe), *received, input);
  } else {
    hold(std::get<CallbackFault>(outcome) == CallbackFault::unreadable, "the signature holds");
  }
}

/// The input as decrypted bytes: padding, length and appid are its own.
void check_frame(std::string_view input) {
  const std::string blocks(input.substr(0, input.size() / aes_block_bytes * aes_block_bytes));
  const std::string key = base64_decode(aes_key + "=", SpareBits::ignored).value();
  const auto sealed = aes_cbc(Direction::encrypt, key, std::string_view(key).substr(0, 16), blocks);
  const auto opened = cipher().open(base64_encode(*sealed));
  hold(!opened || blocks.find(*opened + appid) != std::string::npos, "what opens stands there");
}

void check_cipher_text(std::string_view input) {
  hold(!cipher().open(input), "nobody seals without the key");
  const auto bytes = base64_decode(input, SpareBits::must_be_zero);
  if (bytes) hold(base64_encode(*bytes) == input, "base64 has one spelling");
  open_user_data("tiihtNczf5v6AKRyjwEUhQ==", "r7BXXKkLb8qrSNn05n0qiA==", input, appid);
}

void check_forged_request(std::string_view input) {
  app::PushQuery query = signed_query("");
  const std::size_t middle = input.size() / 2;
  query.msg_signature = input.substr(0, middle);
  for (const CallbackMode mode : {CallbackMode::safe, CallbackMode::compatible}) {
    const auto outcome = callback(mode).receive(query, input.substr(middle));
    hold(std::get<CallbackFault>(outcome) == CallbackFault::forged, "nobody signs without the token");
  }
}

void check_json(std::string_view input) {
  const auto json = JsonObject::parse(input);
  if (!json) return;
  reaction_to(static_cast<int>(json->integer("errcode").value_or(0) % 100'000));
  rid_of(json->text("errmsg"));
  const auto again = JsonObject::parse("{\"a\":" + json_text(json->text("errmsg")) + "}");
  hold(again && again->text("a") == json->text("errmsg"), "a text comes back as it was written");
}

void check_url(std::string_view input) {
  const auto origin = origin_of(input);
  const auto config = sign_page("wx1", "ticket", input, "https://town.example", 1, chance);
  hold(!config || (origin && origin->host == "town.example" && origin->secure), "only our pages are signed");
  hold(url_encoded(input).find_first_of("&=?#/ \r\n") == std::string::npos, "nothing of an address's own is left");
}

constexpr void (*checks[])(std::string_view) = {
    check_xml,   check_push,        check_plain_request,  check_sealed_request,
    check_frame, check_cipher_text, check_forged_request, check_json,
    check_url};

}  // namespace
}  // namespace zl::wechat

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using zl::wechat::checks;
  if (size == 0) return 0;
  checks[data[0] % std::size(checks)]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
