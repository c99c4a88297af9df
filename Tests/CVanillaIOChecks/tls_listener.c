// SPDX-License-Identifier: MIT
#include "tls_listener.h"

/* Where there is no OpenSSL, Tests/CVanillaIOProgram/no_tls.c stands in its place. */
#ifndef VN_CHECKS_WITHOUT_TLS

#include <pthread.h>
#include <stdlib.h>

#include "tls.h"

static vn_tls *made;

static void make(void)
{
    vn_tls_config config;
    vn_tls_error error;
    vn_tls_config_init(&config);
    if (vn_tls_config_add_self_signed(&config, "localhost") != 0 ||
        (made = vn_tls_open(&config, &error)) == NULL)
        abort();
}

vn_tls *tls_listener(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make);
    return made;
}

bool tls_listener_is_open(const struct vn_connection *connection)
{
    return connection->is_ending || vn_tls_of(connection)->is_open;
}

#endif
