#include "http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/verb.hpp>

namespace zl::http {
namespace {

namespace beast_http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(beast_http::verb verb) {
  // A switch would have to name thirty verbs that all mean "other".
  if (verb == beast_http::verb::get) return Method::get;
  if (verb == beast_http::verb::head) return Method::head;
  if (verb == beast_http::verb::post) return Method::post;
  if (verb == beast_http::verb::patch) return Method::patch;
  if (verb == beast_http::verb::delete_) return Method::delete_;
  return Method::other;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a line of the field began with a blank. Beast unfolds it then, the value is elsewhere or on a later line: it
/// does not follow the name's colon. (Reads no further than the line's end, which is there.)
bool is_folded(std::string_view name, std::string_view content) {
  const char* at = name.data() + name.size() + 1;
  while (*at == ' ' || *at == '\t') ++at;
  return at != content.data();
}

}  // namespace

RequestParser::RequestParser(RequestText& text, std::uint32_t header_limit_bytes, std::uint64_t body_limit_bytes)
    : text_(text) {
  text_.header.clear();
  text_.forwarded_for.clear();
  text_.body.clear();
  header_limit(header_limit_bytes);
  body_limit(body_limit_bytes);
}

bool RequestParser::framing_holds() const {
  if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) return false;
  if (lengths_ > 1 || codings_ > 1 || (lengths_ > 0 && codings_ > 0)) return false;
  if (codings_ > 0 && version_ == 10) return false;
  return !broken_ && value(Kept::target).starts_with('/');
}

void RequestParser::fill(Request& request) const {
  const std::string_view target = value(Kept::target);
  const std::size_t question = target.find('?');
  request.method = method_;
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  request.body = text_.body;
  request.content_type = value(Kept::content_type);
  request.authorization = value(Kept::authorization);
  request.cookie = value(Kept::cookie);
  request.origin = value(Kept::origin);
  request.idempotency_key = value(Kept::idempotency_key);
  request.if_match = value(Kept::if_match);
  request.accept_language = value(Kept::accept_language);
  request.has_length = lengths_ > 0 || codings_ > 0;
  request.keep_alive = keep_alive_;
  request.address.clear();
  request.request_id.clear();
  request.language = Language::zh;
  request.parameters = {};
  request.claims.reset();
}

void RequestParser::on_request_impl(beast_http::verb verb, Text /*method*/, Text target, int version,
                                    Error& /*error*/) {
  method_ = method_of(verb);
  version_ = version;
  keep(Kept::target, view(target));
}

void RequestParser::on_response_impl(int /*code*/, Text /*reason*/, int /*version*/, Error& /*error*/) {}

void RequestParser::on_field_impl(Field field, Text name, Text content, Error& error) {
  if (is_folded(view(name), view(content))) error = beast_http::error::bad_obs_fold;
  if (error || in_trailers_) return;
  note_framing(field, view(content));
  const Kept what = kept_as(field, name);
  if (what != Kept::none) return keep(what, view(content));
  if (field != Field::unknown || !boost::beast::iequals(name, "X-Forwarded-For")) return;
  if (!text_.forwarded_for.empty()) text_.forwarded_for.push_back(',');
  text_.forwarded_for.append(content.data(), content.size());
}

void RequestParser::on_header_impl(Error& /*error*/) {
  in_trailers_ = true;
  keep_alive_ = keep_alive();  // a trailer could change what Beast says
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& /*error*/) {
  if (length) text_.body.reserve(static_cast<std::size_t>(*length));
}

std::size_t RequestParser::on_body_impl(Text body, Error& /*error*/) {
  text_.body.append(body.data(), body.size());
  return body.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/, Error& /*error*/) {}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remain*/, Text body, Error& error) {
  return on_body_impl(body, error);
}

void RequestParser::on_finish_impl(Error& /*error*/) {}

RequestParser::Kept RequestParser::kept_as(Field field, Text name) {
  if (field == Field::content_type) return Kept::content_type;
  if (field == Field::authorization) return Kept::authorization;
  if (field == Field::cookie) return Kept::cookie;
  if (field == Field::origin) return Kept::origin;
  if (field == Field::if_match) return Kept::if_match;
  if (field == Field::accept_language) return Kept::accept_language;
  if (field != Field::unknown) return Kept::none;
  if (boost::beast::iequals(name, "Idempotency-Key")) return Kept::idempotency_key;
  return Kept::none;
}

void RequestParser::note_framing(Field field, std::string_view content) {
  if (field == Field::host) {
    ++hosts_;
  } else if (field == Field::content_length) {
    ++lengths_;
    broken_ |= !all_digits(content);
  } else if (field == Field::transfer_encoding) {
    ++codings_;
    broken_ |= !boost::beast::iequals({content.data(), content.size()}, "chunked");
  } else if (field == Field::expect) {
    expects_continue_ = boost::beast::iequals({content.data(), content.size()}, "100-continue");
  }
}

void RequestParser::keep(Kept what, std::string_view content) {
  Slot& slot = slots_[static_cast<std::size_t>(what)];
  if (slot.sent) return;
  slot = {static_cast<std::uint32_t>(text_.header.size()), static_cast<std::uint32_t>(content.size()), true};
  text_.header.append(content);
}

std::string_view RequestParser::value(Kept what) const {
  const Slot& slot = slots_[static_cast<std::size_t>(what)];
  return slot.sent ? std::string_view(text_.header).substr(slot.begin, slot.size) : std::string_view();
}

int status_of_parse_error(const boost::beast::error_code& error) {
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  return 400;
}

}  // namespace zl::http
