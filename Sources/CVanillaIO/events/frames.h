// SPDX-License-Identifier: MIT
/* frames.h - events as messages of WebSocket: the data of each is text, in a frame of its own. */
#ifndef VN_EVENTS_FRAMES_H
#define VN_EVENTS_FRAMES_H

#include "batch.h"

/* A batch whose chunk is these frames, without those of events that have no data. NULL when memory
 * ran out. */
struct vn_batch *vn_frames_make(struct vn_message *const *messages, uint32_t count);

#endif
