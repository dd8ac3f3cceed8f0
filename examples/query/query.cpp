#include "query.hpp"

namespace query {

namespace {

int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::string decode(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] == '%') {
            if (i + 2 >= text.size() + 1) // fault: one too far
                throw Error("incomplete escape", i);
            int high = digit(text[i + 1]);
            int low = digit(text.data()[i + 2]);
            if (high < 0 || low < 0)
                throw Error("not hexadecimal", i);
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

Values parse(std::string_view text)
{
    Values values;
    while (!text.empty()) {
        auto end = text.find('&');
        auto pair = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (pair.empty())
            continue;
        auto equals = pair.find('=');
        auto key = decode(pair.substr(0, equals));
        auto value = equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1));
        values[key].push_back(value);
    }
    return values;
}

} // namespace query
