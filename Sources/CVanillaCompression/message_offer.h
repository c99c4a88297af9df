// SPDX-License-Identifier: MIT
/* message_offer.h - the parameters of permessage-deflate (RFC 7692, section 7.1). Pure. */
#ifndef VN_MESSAGE_OFFER_H
#define VN_MESSAGE_OFFER_H

#include <stddef.h>

#include "include/vn_message_deflate.h"

/* Read an offer: `agreed` begins as what this side has, and becomes what both have. Writes the
 * answer, of at most 192 bytes. Returns its size, or 0 where the offer is declined. */
size_t vn_message_offer_answer(vn_message_deflate_options *agreed, const uint8_t *offer,
                               size_t count, uint8_t *answer);

#endif
