// SPDX-License-Identifier: MIT
/* arena_handler.h - the handler of `arena --handler c`: what a C user of the core writes. */
#ifndef ARENA_HANDLER_H
#define ARENA_HANDLER_H

#include "CVanillaIO.h"

/* Answers GET and HEAD of "/"; 405 for another method there, 404 for anything else. */
void arena_handle(void *context, const vn_request *request, vn_response *response);

#endif
