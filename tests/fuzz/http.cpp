// Bytes as a client may send them, through the whole process: connection, parser, framing, route, dispatcher, use cases
// on stores in memory. Nothing fails, answers are well-formed, and what is answered does not depend on how the bytes
// were cut into packets.
#include <algorithm>
#include <memory>

#include "fuzz/support/answers.hpp"
#include "fuzz/support/fuzz.hpp"
#include "fuzz/support/world.hpp"

namespace zl::fuzz {
namespace {

std::vector<SeenAnswer> answers_to(std::unique_ptr<World>& world, std::string_view bytes,
                                   const std::vector<std::string_view>& pieces) {
  // Anew only where a request has changed it: making one takes longer than most exchanges.
  if (!world || world->touched()) world = std::make_unique<World>();
  std::vector<SeenAnswer> answers = read_answers(exchange(*world, pieces), bytes);
  world->engine.trace.clear();
  require(world->engine.ledger.model.fault().empty(), "the ledger is sound", world->engine.ledger.model.fault());
  return answers;
}

/// The last words to somebody whose bytes are no request.
bool is_farewell(const SeenAnswer& answer) {
  const bool unreadable = answer.status == 400 || answer.status == 413 || answer.status == 431;
  return unreadable && answer.header.ends_with("Connection: close");
}

/// Of what can't be read, either of two faults may be told, whichever came in first; and the start of a request that
/// never ends may be found faulty at once or not at all (Beast looks again only when the header is complete).
void compare(const std::vector<SeenAnswer>& whole, const std::vector<SeenAnswer>& cut) {
  for (std::size_t i = 0; i < std::max(whole.size(), cut.size()); ++i) {
    if (i >= whole.size() || i >= cut.size()) {
      const std::vector<SeenAnswer>& longer = whole.size() > cut.size() ? whole : cut;
      require(i + 1 == longer.size() && is_farewell(longer[i]), "as many answers however the bytes are cut");
      return;
    }
    if (whole[i].header == cut[i].header && whole[i].body == cut[i].body) continue;
    const std::string both = whole[i].header + "\n" + whole[i].body + "\n--\n" + cut[i].header + "\n" + cut[i].body;
    require(is_farewell(whole[i]) && is_farewell(cut[i]), "the same answer however the bytes are cut", both);
  }
}

}  // namespace

void feed(std::string_view input) {
  static std::unique_ptr<World> first;
  static std::unique_ptr<World> second;
  if (!first) first = std::make_unique<World>();
  const std::string bytes = first->fill_in(input);
  const auto whole = answers_to(first, bytes, {bytes});
  const auto cut = answers_to(second, bytes, pieces_of(bytes));
  compare(whole, cut);
}

}  // namespace zl::fuzz
