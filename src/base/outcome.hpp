// What a call to a store came to: done, refused or unknown. There is no fourth.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/code.hpp"

namespace zl::base {

/// A fault in one field of a request.
struct FieldError {
  std::string pointer;  ///< RFC 6901, for example "/sessions/0/ends_at"
  std::string detail;   ///< a sentence for people
  std::string limit;    ///< the bound that was broken, for example "1..100000"; may be empty
};

/// The call took no effect, and why.
struct Refused {
  Code code = Code::internal;
  std::string detail;              ///< for logs and the problem's detail; may be empty
  std::vector<FieldError> fields;  ///< for invalid_request
  int retry_after_s = 0;           ///< 0: the edge chooses
};

/// The call may or may not have taken effect. Never to be reported as failed.
struct Unknown {
  std::string cause;  ///< for the log only
};

struct Done {};

/// T when done, else why not.
template <class T>
class [[nodiscard]] Outcome {
 public:
  using value_type = T;

  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Refused refused) : state_(std::in_place_index<1>, std::move(refused)) {}
  Outcome(Unknown unknown) : state_(std::in_place_index<2>, std::move(unknown)) {}
  Outcome(Code code) : state_(std::in_place_index<1>, Refused{code, {}, {}, 0}) {}

  bool is_done() const { return state_.index() == 0; }
  bool is_refused() const { return state_.index() == 1; }
  bool is_unknown() const { return state_.index() == 2; }
  explicit operator bool() const { return is_done(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Refused& refused() const { return std::get<1>(state_); }
  const Unknown& unknown() const { return std::get<2>(state_); }

  /// The same refusal or unknown for another value type; only when not done.
  template <class U>
  Outcome<U> as() const {
    if (is_refused()) return Outcome<U>(refused());
    return Outcome<U>(unknown());
  }

 private:
  std::variant<T, Refused, Unknown> state_;
};

}  // namespace zl::base
