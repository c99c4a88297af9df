// SPDX-License-Identifier: MIT
/* loop_checks.h - the pieces of a loop, alone: no connection and no HTTP. Each check returns NULL,
 * or what is wrong. */
#ifndef VN_LOOP_CHECKS_H
#define VN_LOOP_CHECKS_H

/* A turn is over its budget after its span, or after the bytes of one send. */
const char *vn_check_budget(void);
/* What events took is owed to sources that need none. */
const char *vn_check_budget_debt(void);
/* Tasks in their order, each once, while they are taken; the nearest moment to stop. */
const char *vn_check_mailbox(void);
/* A loop reaches a source through its kind alone: its turn, its deadline, the steps of the end. */
const char *vn_check_kinds(void);

#endif
