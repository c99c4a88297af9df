// SPDX-License-Identifier: MIT
/* vn_hub.h - Server-Sent Events (WHATWG HTML, section 9.2): streams of them, and a hub that brings
 * each event to all subscribers of its topic.
 *
 * Times are milliseconds, sizes bytes. */
#ifndef VN_HUB_H
#define VN_HUB_H

#include "vn_response.h"

/* ---- One stream ---- */

/* How a stream of events lives. */
typedef struct vn_event_stream {
    uint32_t heartbeat; /* 15,000: a comment after so long without output; 0: none */
    /* 1,000 and 5,000: when the server's stop ends a stream, its client is told to wait for a
     * random time between the two before it comes back. */
    uint32_t retry_min;
    uint32_t retry_max;
    /* 2,000: when the server stops, its streams end at random moments within this time, and within
     * half of the time that the stop gives */
    uint32_t shutdown_spread;
} vn_event_stream;

/* The defaults named above. */
void vn_event_stream_init(vn_event_stream *options);

/* Answer with a stream of events: as vn_response_stream does with length -1, with the fields that
 * such a stream has (text/event-stream; Cache-Control: no-cache, no-transform; X-Accel-Buffering:
 * no). `producer` writes whole events. The end of the client's input ends the stream. */
int32_t vn_response_stream_events(vn_response *response, const vn_event_stream *options,
                                  vn_producer *producer, vn_release *release, void *context);

/* ---- A hub ---- */

typedef struct vn_hub vn_hub;

/* What happens to a subscriber whose backlog is full. */
enum {
    VN_SLOW_DISCONNECT, /* it is cut; it may come back with its last event's id */
    VN_SLOW_DROP_OLDEST,
    VN_SLOW_KEEP_NEWEST, /* an event replaces the waiting one of its key; then as DROP_OLDEST */
};

typedef struct vn_topic_options {
    uint32_t history_events; /* 1,000 kept for clients that come back; 0: none */
    uint32_t history_bytes; /* 256 KiB */
    uint32_t history_age; /* 300,000; 0: any */
    /* 1 MiB waiting for one subscriber, in at most 1,024 turns; at least history_bytes */
    uint32_t backlog_bytes;
    uint32_t backlog_age; /* 30,000 that its oldest event may wait; 0: any */
    uint8_t slow; /* VN_SLOW_... */
} vn_topic_options;

typedef struct vn_hub_options {
    uint32_t topics; /* 65,536 at a time */
    vn_event_stream stream;
    vn_topic_options topic; /* of a topic that was not declared */
} vn_hub_options;

/* Counted since the hub was opened. Events are counted once for each subscriber. */
typedef struct vn_hub_statistics {
    uint64_t topics; /* now */
    uint64_t connected; /* subscribers now */
    uint64_t published; /* events, once each */
    uint64_t delivered; /* handed to the system, replayed ones included */
    uint64_t replayed;
    uint64_t gaps; /* subscribers told that events were lost */
    uint64_t dropped; /* because the backlog was full */
    uint64_t disconnected; /* subscribers, because it was */
    uint64_t lag_last; /* from publish to a delivery: the latest */
    uint64_t lag_max;
} vn_hub_statistics;

/* The defaults named above. */
void vn_hub_options_init(vn_hub_options *options);

/* NULL when memory ran out, or when an option is impossible (backlog_bytes below history_bytes, no
 * topic, retry_min above retry_max). */
vn_hub *vn_hub_open(const vn_hub_options *options);

/* The caller's reference ends. Subscribers keep the hub. */
void vn_hub_close(vn_hub *hub);

/* Give a topic options of its own, before anybody publishes or subscribes to it. It stays until the
 * hub is closed. Any thread. Returns 0; -EINVAL; -EEXIST when the topic is there; -ENOBUFS beyond
 * the limit; -ENOMEM. */
int32_t vn_hub_declare(vn_hub *hub, vn_span topic, const vn_topic_options *options);

/* Publish an event. `lines` are its field lines except `id`, each with its LF, and no blank line;
 * `id` is its id, or empty for one that the hub makes; `key` may be empty. All are copied. Any
 * thread; it never waits for a subscriber. Returns 0; -EINVAL for an id or key of more than 255
 * bytes, or an id that Last-Event-ID cannot bring back: with a control byte other than HTAB, or a
 * space or HTAB at an end (RFC 9110, section 5.5); -EMSGSIZE for more than 16 MiB; -ENOBUFS beyond
 * the limit of topics; -ENOMEM. */
int32_t vn_hub_publish(vn_hub *hub, vn_span topic, vn_span lines, vn_span id, vn_span key);

/* Answer with the stream of a topic's events. With `last_id`, the id of the last event that the
 * client has, those after it come first; when not all of them are left, an event `gap` says so
 * before. Returns 0; -EALREADY; -EMSGSIZE for a topic's name of more than 255 bytes; -ENOBUFS
 * beyond the limit of topics; -ENOMEM. */
int32_t vn_response_subscribe(vn_response *response, vn_hub *hub, vn_span topic, vn_span last_id);

/* Any thread. */
void vn_hub_read_statistics(const vn_hub *hub, vn_hub_statistics *statistics);

#endif
