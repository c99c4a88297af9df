// SPDX-License-Identifier: MIT
#include "accept.h"

#include <errno.h>

#ifndef ENONET
#define ENONET EPROTO /* where the network has no such refusal */
#endif

bool vn_accept_is_transient(int32_t error)
{
    static const int32_t transient[] = {
        EAGAIN,   EINTR,       ECANCELED, ECONNABORTED, EPROTO, ENOPROTOOPT,
        ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ETIMEDOUT,
    };
    for (size_t i = 0; i < sizeof transient / sizeof *transient; i++)
        if (error == -transient[i])
            return true;
    return false;
}

int32_t vn_accept_rest(int32_t fd)
{
    int32_t accepted;
    do {
        accepted = vn_accept(fd);
    } while (accepted < 0 && accepted != -EAGAIN && vn_accept_is_transient(accepted));
    return accepted;
}
