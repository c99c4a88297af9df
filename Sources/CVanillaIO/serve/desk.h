// SPDX-License-Identifier: MIT
/* desk.h - a worker's part of a hub: who subscribed on it, and what each of them still waits for.
 *
 * A publisher puts an event into the inbox of each desk with subscribers, once, whatever their
 * number. The worker takes all that is there at once, joins what came in one turn into one block,
 * and lends it to every subscriber; each sends all that waits for it in one go. */
#ifndef VN_SERVE_DESK_H
#define VN_SERVE_DESK_H

#include "hub.h"

struct vn_worker;

/* A topic at a desk. */
struct vn_seat {
    struct vn_link link; /* of the topic; under the hub's lock */
    struct vn_topic *topic;
    struct vn_desk *desk;
    struct vn_link subscribers; /* the worker's own from here on */
    struct vn_link busy; /* of the seats that have events in this turn */
    struct vn_message **batch;
    uint32_t batch_count;
    uint32_t batch_bytes;
    uint64_t inbox_bytes; /* of its letters; under the hub's lock, as is `overrun` */
    uint64_t overrun; /* events that its part of the inbox had no room for */
    uint64_t lost; /* the same, once the worker knows */
};

/* An event in an inbox. */
struct vn_letter_of_seat {
    struct vn_seat *seat;
    struct vn_message *message;
};

struct vn_inbox {
    struct vn_letter_of_seat *letters;
    uint32_t count;
    uint32_t capacity;
};

struct vn_desk {
    struct vn_desk *next; /* of the worker */
    struct vn_hub *hub;
    struct vn_worker *worker;
    uint32_t seats; /* with none left the desk goes */
    struct vn_inbox inbox; /* under the hub's lock */
    struct vn_inbox opened; /* what is handed out now */
};

/* With the hub's lock held, for the seats of one topic: have room for one more event at each, then
 * hand it to each. A seat holds no more than one subscriber may wait for: what is in its part of the
 * inbox is dropped then. vn_seats_reserve returns false when memory ran out. */
bool vn_seats_reserve(const struct vn_topic *topic);
void vn_seats_deliver(const struct vn_topic *topic, struct vn_message *message);

/* The worker was woken: hand out what came. */
void vn_desks_open(struct vn_worker *worker);

#endif
