// SPDX-License-Identifier: MIT
/* COpenSSL.h - nothing: CVanillaTLS, which is C, includes OpenSSL's own headers. It names the
 * library to the package manager. */
#ifndef COPENSSL_H
#define COPENSSL_H

#endif
