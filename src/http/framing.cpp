#include "http/framing.hpp"

#include <algorithm>

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

bool equals_lower(std::string_view text, std::string_view lower) {
  return std::ranges::equal(
      text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

}  // namespace

int check_framing(const Header& header) {
  using Field = beast_http::field;
  if (header.version() != 11 && header.version() != 10) return 400;
  const auto target = header.target();
  if (target.empty() || target.front() != '/') return 400;
  const auto hosts = header.count(Field::host);
  if (hosts > 1 || (hosts == 0 && header.version() == 11)) return 400;

  const auto lengths = header.count(Field::content_length);
  const auto codings = header.count(Field::transfer_encoding);
  if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) return 400;
  if (lengths == 1 && !all_digits(view(header[Field::content_length]))) return 400;
  if (codings == 1 && (!equals_lower(view(header[Field::transfer_encoding]), "chunked") || header.version() == 10))
    return 400;
  return 0;
}

int status_of_parse_error(const boost::beast::error_code& error) {
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  return 400;
}

Request make_request(const Header& header, std::string_view body) {
  using Field = beast_http::field;
  Request request;
  request.method = method_of(header.method());
  const std::string_view target = view(header.target());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.body = body;
  request.content_type = view(header[Field::content_type]);
  request.authorization = view(header[Field::authorization]);
  request.cookie = view(header[Field::cookie]);
  request.origin = view(header[Field::origin]);
  request.idempotency_key = view(header["Idempotency-Key"]);
  request.if_match = view(header[Field::if_match]);
  request.accept_language = view(header[Field::accept_language]);
  request.has_length = header.count(Field::content_length) > 0 || header.count(Field::transfer_encoding) > 0;
  return request;
}

std::string forwarded_for(const Header& header) {
  std::string joined;
  const auto range = header.equal_range("X-Forwarded-For");
  for (auto line = range.first; line != range.second; ++line) {
    if (!joined.empty()) joined += ',';
    joined += view(line->value());
  }
  return joined;
}

}  // namespace zl::http
