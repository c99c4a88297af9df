// SPDX-License-Identifier: MIT
/* CArgon2.h - the reference implementation of Argon2 (RFC 9106), as the system has it. */
#ifndef CARGON2_H
#define CARGON2_H

#include <argon2.h>

#endif
