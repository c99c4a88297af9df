// SPDX-License-Identifier: MIT
/* vn_message_deflate.h - permessage-deflate (RFC 7692) for WebSockets, over zlib. */
#ifndef VN_MESSAGE_DEFLATE_H
#define VN_MESSAGE_DEFLATE_H

#include <stdbool.h>
#include <stdint.h>

struct vn_message_codec;

typedef struct vn_message_deflate_options {
    uint8_t server_window; /* 15: 9 to 15, the most bits of the window for what is sent */
    uint8_t client_window; /* 15: of that for what comes, where the client can bound its own */
    uint8_t level; /* 1: 1 to 9, as of zlib */
    /* A message may refer to those before it, for which a socket keeps its windows. Both false */
    bool server_takeover;
    bool client_takeover;
} vn_message_deflate_options;

/* The defaults named above. */
void vn_message_deflate_options_init(vn_message_deflate_options *options);

/* The options as vn_websocket_options.codec_settings; 0 where one is out of its range. */
uint64_t vn_message_deflate_settings(const vn_message_deflate_options *options);

/* For vn_websocket_options.codec. */
const struct vn_message_codec *vn_message_deflate(void);

#endif
