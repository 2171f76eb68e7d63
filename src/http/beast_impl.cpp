// Beast, compiled once for everybody (BOOST_BEAST_SEPARATE_COMPILATION). Without its assertions: one of the parser's
// (1.81, parse_chunk_header, `n >= 5`) fails where the last chunk's "0", CR, LF comes in one packet and a single byte
// in the next, so that any client could end the process. What follows it is right for such input.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>
