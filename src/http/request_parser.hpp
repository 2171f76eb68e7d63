// Bytes to a request: Beast's parser, which keeps only what endpoints see and refuses what it would let pass.
#pragma once

#include <array>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/request.hpp"

namespace zl::http {

/// The text of one request; kept by whoever parses many, so that none of them allocates.
struct RequestText {
  std::string header;  ///< the values that are wanted, one behind the other
  std::string forwarded_for;
  std::string body;
};

/// Parses one request. Beside what Beast checks it refuses what proxies and servers are known to read differently (RFC
/// 9112, sections 5.2 and 6): any transfer coding but one "chunked", it together with a length, several lengths, a
/// missing or second Host, a folded line, a target that isn't a path. Of a field that stands there twice the first
/// counts; trailers are left out.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  /// `text` is emptied; it must outlive the parser and the request.
  RequestParser(RequestText& text, std::uint32_t header_limit_bytes, std::uint64_t body_limit_bytes);

  /// Whether the header may go on; only once it is there.
  bool framing_holds() const;

  bool expects_continue() const { return expects_continue_; }

  /// Sets everything in `request` that the bytes say, to views into the text, and empties the rest. Only once the
  /// request is complete.
  void fill(Request& request) const;

  /// X-Forwarded-For, all lines joined in order.
  std::string_view forwarded_for() const { return text_.forwarded_for; }

 private:
  using Error = boost::beast::error_code;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;

  enum class Kept : std::uint8_t {
    target,
    content_type,
    authorization,
    cookie,
    origin,
    idempotency_key,
    if_match,
    accept_language,
    none
  };
  struct Slot {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
    bool sent = false;
  };

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, Error& error) override;
  void on_response_impl(int code, Text reason, int version, Error& error) override;
  void on_field_impl(Field field, Text name, Text content, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(Text body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, Text body, Error& error) override;
  void on_finish_impl(Error& error) override;

  static Kept kept_as(Field field, Text name);
  void note_framing(Field field, std::string_view content);
  void keep(Kept what, std::string_view content);
  /// Its data() is null where it was not sent.
  std::string_view value(Kept what) const;

  RequestText& text_;
  std::array<Slot, static_cast<std::size_t>(Kept::none)> slots_{};
  Method method_ = Method::other;
  int version_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  bool broken_ = false;  ///< a length or coding is none that all read alike
  bool expects_continue_ = false;
  bool in_trailers_ = false;
  bool keep_alive_ = false;
};

/// The status for what the parser found wrong.
int status_of_parse_error(const boost::beast::error_code& error);

}  // namespace zl::http
