// SPDX-License-Identifier: MIT
/* transports.h - what the connections of a check go over. */
#ifndef VN_CHECKS_TRANSPORTS_H
#define VN_CHECKS_TRANSPORTS_H

enum {
    OVER_PLAIN, /* bytes as they are */
    OVER_XOR, /* xor_transport.h */
    OVER_TLS, /* of CVanillaTLS */
};

#endif
