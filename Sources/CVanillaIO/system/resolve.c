// SPDX-License-Identifier: MIT
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

enum { NAME_MAX_COUNT = 253 }; /* RFC 1035, section 2.3.4, as text */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_hexadecimal(char byte)
{
    return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Whether a label is what inet_aton takes for a part of an address: "7", "0x7f". */
static bool is_number(const char *label, size_t count)
{
    bool has_prefix = count >= 2 && label[0] == '0' && (label[1] | 0x20) == 'x';
    for (size_t i = has_prefix ? 2 : 0; i < count; i++)
        if (!(has_prefix ? is_hexadecimal(label[i]) : is_digit(label[i])))
            return false;
    return true;
}

bool vn_is_host_name(const char *text)
{
    size_t count = strlen(text), label = 0;
    if (count > 1 && text[count - 1] == '.')
        count--; /* the root */
    if (count == 0 || count > NAME_MAX_COUNT)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_end = text[i] == '.';
        if (is_end && i == label)
            return false;
        if (is_end)
            label = i + 1;
        else if (!is_digit(text[i]) && !is_letter(text[i]) && text[i] != '-' && text[i] != '_')
            return false;
    }
    return label < count && !is_number(text + label, count - label);
}

static int32_t code_of(int32_t failure)
{
    switch (failure) {
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno > 0 ? -errno : -EIO;
    default:
        return -ENOENT;
    }
}

static const struct addrinfo *find_family(const struct addrinfo *found, int32_t family)
{
    while (found != NULL && found->ai_family != family)
        found = found->ai_next;
    return found;
}

int32_t vn_address_resolve(struct vn_address *address, const char *name, uint16_t port,
                           const char **why)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int32_t failure = getaddrinfo(name, NULL, &wanted, &found);
    if (failure != 0) {
        int32_t code = code_of(failure);
        *why = failure == EAI_SYSTEM ? strerror(-code) : gai_strerror(failure);
        return code;
    }
    const struct addrinfo *chosen = find_family(found, AF_INET);
    if (chosen == NULL)
        chosen = find_family(found, AF_INET6);
    *address = (struct vn_address) {0};
    if (chosen != NULL) {
        memcpy(&address->storage, chosen->ai_addr, chosen->ai_addrlen);
        address->size = chosen->ai_addrlen;
        vn_address_set_port(address, port);
    }
    freeaddrinfo(found);
    *why = "it has neither an IPv4 nor an IPv6 address";
    return chosen != NULL ? 0 : -ENOENT;
}
