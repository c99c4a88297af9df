// SPDX-License-Identifier: MIT
#include "message_offer.h"

#include <stdio.h>
#include <string.h>

enum { WINDOW_MIN = 8, WINDOW_MAX = 15, SENT_MIN = 9, ANSWER_MAX = 192 };

struct text {
    const uint8_t *bytes;
    size_t count;
};

/* What the client said; windows are 0 where it did not. */
struct offer {
    bool has_server_takeover, has_client_takeover, has_server_window, has_client_window;
    uint8_t server_window;
    uint8_t client_window;
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct text trimmed(struct text text)
{
    while (text.count > 0 && is_blank(text.bytes[0]))
        text = (struct text) {text.bytes + 1, text.count - 1};
    while (text.count > 0 && is_blank(text.bytes[text.count - 1]))
        text.count--;
    return text;
}

static bool is(struct text text, const char *word)
{
    return text.count == strlen(word) && memcmp(text.bytes, word, text.count) == 0;
}

/* What comes before that byte; `rest` is what comes after it. Returns whether it is there. */
static bool split(struct text text, uint8_t byte, struct text *first, struct text *rest)
{
    const uint8_t *found = text.count == 0 ? NULL : memchr(text.bytes, byte, text.count);
    size_t count = found == NULL ? text.count : (size_t) (found - text.bytes);
    *first = trimmed((struct text) {text.bytes, count});
    *rest = (struct text) {0};
    if (found != NULL)
        *rest = (struct text) {found + 1, text.count - count - 1};
    return found != NULL;
}

/* A decimal number without zeros before it, which may stand in quotes. Returns 0 for no window. */
static uint8_t read_window(struct text text)
{
    if (text.count >= 2 && text.bytes[0] == '"' && text.bytes[text.count - 1] == '"')
        text = (struct text) {text.bytes + 1, text.count - 2};
    for (uint8_t window = WINDOW_MIN; window <= WINDOW_MAX; window++) {
        char digits[4];
        snprintf(digits, sizeof digits, "%u", window);
        if (is(text, digits))
            return window;
    }
    return 0;
}

/* One parameter: each comes once. */
static bool read_parameter(struct offer *offer, struct text name, struct text value, bool has_value)
{
    bool *is_said;
    uint8_t window = 0;
    if (is(name, "server_no_context_takeover"))
        is_said = &offer->has_server_takeover;
    else if (is(name, "client_no_context_takeover"))
        is_said = &offer->has_client_takeover;
    else if (is(name, "server_max_window_bits"))
        is_said = &offer->has_server_window;
    else if (is(name, "client_max_window_bits"))
        is_said = &offer->has_client_window;
    else
        return false;
    bool is_window = is_said == &offer->has_server_window || is_said == &offer->has_client_window;
    if (*is_said || (has_value && !is_window))
        return false;
    *is_said = true;
    if (!is_window)
        return true;
    if (!has_value)
        return is_said == &offer->has_client_window;
    window = read_window(value);
    *(is_said == &offer->has_server_window ? &offer->server_window : &offer->client_window) =
        window;
    return window != 0;
}

static bool read_offer(struct offer *offer, struct text text)
{
    struct text name, value, part;
    bool has_more = split(text, ';', &name, &text);
    if (!is(name, "permessage-deflate"))
        return false;
    while (has_more) {
        has_more = split(text, ';', &part, &text);
        bool has_value = split(part, '=', &name, &value);
        if (!read_parameter(offer, name, trimmed(value), has_value))
            return false;
    }
    return true;
}

/* zlib compresses with no window of 8 bits. */
static bool agree(vn_message_deflate_options *agreed, const struct offer *offer)
{
    if (offer->server_window != 0 && offer->server_window < agreed->server_window)
        agreed->server_window = offer->server_window;
    if (agreed->server_window < SENT_MIN)
        return false;
    if (!offer->has_client_window)
        agreed->client_window = WINDOW_MAX;
    else if (offer->client_window != 0 && offer->client_window < agreed->client_window)
        agreed->client_window = offer->client_window;
    agreed->server_takeover = agreed->server_takeover && !offer->has_server_takeover;
    agreed->client_takeover = agreed->client_takeover && !offer->has_client_takeover;
    return true;
}

size_t vn_message_offer_answer(vn_message_deflate_options *agreed, const uint8_t *offer,
                               size_t count, uint8_t *answer)
{
    struct offer said = {0};
    if (!read_offer(&said, (struct text) {offer, count}) || !agree(agreed, &said))
        return 0;
    char server[32] = "", client[32] = "";
    if (said.has_server_window || agreed->server_window < WINDOW_MAX)
        snprintf(server, sizeof server, "; server_max_window_bits=%u", agreed->server_window);
    if (said.client_window != 0 || agreed->client_window < WINDOW_MAX)
        snprintf(client, sizeof client, "; client_max_window_bits=%u", agreed->client_window);
    int written =
        snprintf((char *) answer, ANSWER_MAX, "permessage-deflate%s%s%s%s",
                 agreed->server_takeover ? "" : "; server_no_context_takeover",
                 agreed->client_takeover ? "" : "; client_no_context_takeover", server, client);
    return (size_t) written;
}
