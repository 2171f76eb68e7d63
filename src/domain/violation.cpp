#include "domain/violation.hpp"

#include <algorithm>
#include <iterator>

#include "base/invariant.hpp"

namespace zl::domain {
namespace {

struct CodeOf {
  base::Code operator()(const Closed&) const { return base::Code::closed; }
  base::Code operator()(const NotOpen&) const { return base::Code::not_open; }
  base::Code operator()(const Ineligible&) const { return base::Code::ineligible; }
  base::Code operator()(const AlreadyBooked&) const { return base::Code::already_booked; }
  base::Code operator()(const LimitReached&) const { return base::Code::limit_reached; }
  base::Code operator()(const Overlaps&) const { return base::Code::overlaps; }
  base::Code operator()(const SoldOut&) const { return base::Code::sold_out; }
};

}  // namespace

base::Code code_of(const Violation& violation) {
  return std::visit(CodeOf{}, violation);
}

bool is_provisional(const Violation& violation) {
  return std::visit(
      [](const auto& v) {
        if constexpr (requires { v.provisional; }) {
          return v.provisional;
        } else {
          return false;
        }
      },
      violation);
}

// The variant's alternatives stand in the order of weight, so its index is the weight.
void sort_by_weight(std::vector<Violation>& violations) {
  std::vector<Violation> sorted;
  sorted.reserve(violations.size());
  for (std::size_t weight = 0; weight < std::variant_size_v<Violation>; ++weight) {
    std::ranges::copy_if(violations, std::back_inserter(sorted),
                         [weight](const Violation& v) { return v.index() == weight; });
  }
  violations = std::move(sorted);
}

base::Code top_code(const std::vector<Violation>& violations) {
  base::invariant(!violations.empty(), "a refusal names at least one violation");
  return code_of(*std::ranges::min_element(violations, {}, [](const Violation& v) { return v.index(); }));
}

}  // namespace zl::domain
