// Answers that several stores give alike.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "app/catalogue_store.hpp"
#include "base/outcome.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

inline base::Refused refused(base::Code code, std::string detail) {
  return {code, std::move(detail), {}, 0};
}

inline base::Refused invalid_field(std::string pointer, std::string detail, std::string limit = {}) {
  base::FieldError field{std::move(pointer), detail, std::move(limit)};
  return {base::Code::invalid_request, std::move(detail), {std::move(field)}, 0};
}

/// Creates a thing once per mark: `insert()` where the call is new, `find(id)` where the same call made it before. Both
/// give a base::Outcome<T>.
template <class T, class Insert, class Find>
base::Outcome<app::Created<T>> create_once(Write& write, const std::optional<app::CreationMark>& mark,
                                           const base::Bytes16& subject, Insert insert, Find find) {
  const base::Outcome<std::optional<base::Bytes16>> marked = write.mark_creation(mark, subject);
  if (!marked) return marked.template as<app::Created<T>>();
  const std::optional<base::Bytes16>& earlier = *marked;
  base::Outcome<T> made = earlier ? find(*earlier) : insert();
  if (!made) return made.template as<app::Created<T>>();
  return app::Created<T>{std::move(made).value(), earlier.has_value()};
}

}  // namespace zl::mysql
