// A small parser of query strings ("a=1&b=%20"), to try fuzzls on C++. It has a fault.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace query {

// Error tells what is wrong with a query string, and where.
class Error : public std::runtime_error {
public:
    Error(const std::string &what, std::size_t at) : std::runtime_error(what), at(at) {}
    std::size_t at;
};

// Values holds, for each key, its values in order.
using Values = std::map<std::string, std::vector<std::string>>;

// Decodes %XX and +.
std::string decode(std::string_view text);

// Parses a query string; throws Error.
Values parse(std::string_view text);

// Last returns the last value of a key as a T, or fallback if there is none.
template <typename T>
T last(const Values &values, const std::string &key, T fallback)
{
    auto found = values.find(key);
    if (found == values.end() || found->second.empty())
        return fallback;
    T number = 0;
    for (char c : found->second.back()) {
        if (c < '0' || c > '9')
            return fallback;
        number = static_cast<T>(number * 10 + static_cast<T>(c - '0'));
    }
    return number;
}

} // namespace query
