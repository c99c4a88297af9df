// SPDX-License-Identifier: MIT
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* The number of an interface, by its name or number; 0: there is none. */
static uint32_t interface_of(const char *name)
{
    uint32_t index = if_nametoindex(name);
    char known[IF_NAMESIZE], *end;
    if (index != 0 || name[0] < '0' || name[0] > '9')
        return index;
    unsigned long number = strtoul(name, &end, 10);
    bool is_known =
        *end == '\0' && number <= UINT32_MAX && if_indextoname((uint32_t) number, known) != NULL;
    return is_known ? (uint32_t) number : 0;
}

/* The same where a URL may have been copied, in which "%" is "%25" (RFC 6874): a name after that,
 * where nothing is called the whole. Not a number: "%251" is interface 251. */
static uint32_t interface_of_zone(const char *zone)
{
    uint32_t index = interface_of(zone);
    return index == 0 && strncmp(zone, "25", 2) == 0 ? if_nametoindex(zone + 2) : index;
}

/* An IPv6 address without brackets. */
static int32_t parse_ipv6(char *text, struct sockaddr_in6 *ipv6)
{
    char *zone = strchr(text, '%');
    if (zone != NULL)
        *zone++ = '\0';
    if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) != 1 || (zone != NULL && *zone == '\0'))
        return -EINVAL;
    if (zone != NULL && (ipv6->sin6_scope_id = interface_of_zone(zone)) == 0)
        return -ENODEV;
    return 0;
}

int32_t vn_address_parse(struct vn_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    *address = (struct vn_address) {0};
    if (host != NULL && inet_pton(AF_INET, host, &ipv4.sin_addr) == 1) {
        address->size = sizeof ipv4;
        memcpy(&address->storage, &ipv4, sizeof ipv4);
        return 0;
    }

    char bare[INET6_ADDRSTRLEN + sizeof "25" + IF_NAMESIZE] = "::";
    size_t count = host != NULL ? strlen(host) : 0;
    bool has_brackets = count >= 2 && host[0] == '[' && host[count - 1] == ']';
    if (host != NULL) {
        size_t bare_count = has_brackets ? count - 2 : count;
        if (bare_count >= sizeof bare)
            return -EINVAL;
        memcpy(bare, has_brackets ? host + 1 : host, bare_count);
        bare[bare_count] = '\0';
    }
    int32_t parsed = parse_ipv6(bare, &ipv6);
    if (parsed < 0)
        return parsed;
    address->size = sizeof ipv6;
    memcpy(&address->storage, &ipv6, sizeof ipv6);
    return 0;
}

int32_t vn_address_parse_path(struct vn_address *address, const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t count = strlen(path);
    bool is_abstract = vn_path_is_abstract(path); /* its name is not terminated: its size tells */
    if (count == 0 || (is_abstract && count == 1))
        return -EINVAL;
    if (count >= sizeof local.sun_path + is_abstract)
        return -ENAMETOOLONG;
    memcpy(local.sun_path, path, count);
    if (is_abstract)
        local.sun_path[0] = '\0';
    *address = (struct vn_address) {.size = sizeof local};
    if (is_abstract)
        address->size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + count);
    memcpy(&address->storage, &local, sizeof local);
    return 0;
}

void vn_address_set_any_ipv4(struct vn_address *address, uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    *address = (struct vn_address) {.size = sizeof any};
    memcpy(&address->storage, &any, sizeof any);
}

bool vn_address_is_any_ipv6(const struct vn_address *address)
{
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, &address->storage, sizeof ipv6);
    return ipv6.sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
}

uint16_t vn_address_port(const struct vn_address *address)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    switch (address->storage.ss_family) {
    case AF_INET:
        memcpy(&ipv4, &address->storage, sizeof ipv4);
        return ntohs(ipv4.sin_port);
    case AF_INET6:
        memcpy(&ipv6, &address->storage, sizeof ipv6);
        return ntohs(ipv6.sin6_port);
    default:
        return 0;
    }
}

void vn_address_set_port(struct vn_address *address, uint16_t port)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    if (address->storage.ss_family == AF_INET) {
        memcpy(&ipv4, &address->storage, sizeof ipv4);
        ipv4.sin_port = htons(port);
        memcpy(&address->storage, &ipv4, sizeof ipv4);
    } else if (address->storage.ss_family == AF_INET6) {
        memcpy(&ipv6, &address->storage, sizeof ipv6);
        ipv6.sin6_port = htons(port);
        memcpy(&address->storage, &ipv6, sizeof ipv6);
    }
}

size_t vn_address_write(const struct vn_address *address, char *text, size_t capacity)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    memcpy(&ipv4, &address->storage, sizeof ipv4);
    memcpy(&ipv6, &address->storage, sizeof ipv6);
    const void *bytes = &ipv4.sin_addr;
    int32_t family = address->storage.ss_family;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
        /* An IPv4 client of a socket for both. */
        family = AF_INET;
        bytes = &ipv6.sin6_addr.s6_addr[12];
    } else if (family == AF_INET6)
        bytes = &ipv6.sin6_addr;
    else if (family != AF_INET)
        return 0;
    return inet_ntop(family, bytes, text, (socklen_t) capacity) == NULL ? 0 : strlen(text);
}
