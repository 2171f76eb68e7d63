// Asio and Beast are compiled here once; every other unit sees declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
