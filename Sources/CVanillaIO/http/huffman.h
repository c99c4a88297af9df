// SPDX-License-Identifier: MIT
/* huffman.h - the Huffman code of HPACK (RFC 7541, section 5.2 and appendix B). */
#ifndef VN_HTTP_HUFFMAN_H
#define VN_HTTP_HUFFMAN_H

#include "../base/base.h"
#include "../include/vn_request.h"

/* Decode `text`. Returns how many bytes it stands for, of which those that `room` has space for
 * are written to `to`; or -1 where it is no text: EOS is in it, or its last bits are not the begin
 * of EOS, or are eight or more. */
int64_t vn_huffman_decode(uint8_t *to, size_t room, vn_span text);

/* Bytes of a text when it is encoded; with `lowers`, of the text in lower case. */
size_t vn_huffman_count(vn_span text, bool lowers);

/* Encode to `to`, which has room for that. Returns where it ends. */
uint8_t *vn_huffman_encode(uint8_t *to, vn_span text, bool lowers);

#endif
