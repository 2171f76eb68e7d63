// The requests of the closed-loop load, one after the other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace zl::closed_loop {

class Requests {
 public:
  virtual ~Requests() = default;

  /// The bytes of the request with this number, from 0; valid until the next call.
  virtual std::string_view at(std::size_t number) = 0;
};

/// By kind, from files whose fields stand apart by tabs; throws std::runtime_error that names the file at fault.
///   pairs FILE              bookings; a line is activity, token, attendee; one after the other, for ever
///   walk PEOPLE ACTIVITIES  bookings; everybody (token, attendee) in the first activity, then in the next, …
///   door FILE TOKEN         check-ins; a line is session, booking
///   get FILE                reads; a line is a path
std::unique_ptr<Requests> requests_of(const std::string& kind, const std::string& file, const std::string& second);

}  // namespace zl::closed_loop
