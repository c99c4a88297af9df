// SPDX-License-Identifier: MIT
/* checks.c - the checks of the core as a program of its own, for systems and processors where no
 * Swift is at hand: prints what failed, and at its end "N passed, N failed". Over the loopback ring
 * and over the backend that is named: checks [epoll|io_uring|kqueue] [emulated].
 *
 * An emulator has descriptors of its own, no filters for system calls, and no measure of time for
 * the work of a turn: checks of these are left out where `emulated` is given.
 *
 * The tests in Swift call the same checks, with more random numbers. The layout tests see that none
 * is missing here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CVanillaIO.h"
#include "base_checks.h"
#include "early_checks.h"
#include "ended_checks.h"
#include "file_checks.h"
#include "handover_checks.h"
#include "hpack_checks.h"
#include "http2_checks.h"
#include "http_checks.h"
#include "hub_checks.h"
#include "lateness_checks.h"
#include "line_checks.h"
#include "listener_checks.h"
#include "loop_checks.h"
#include "offline_checks.h"
#include "retire_checks.h"
#include "ring/ring.h"
#include "ring_checks.h"
#include "serve_checks.h"
#include "server_checks.h"
#include "stop_checks.h"
#include "tls_cycle_checks.h"
#include "transport_checks.h"
#include "unread_checks.h"
#include "utf8_checks.h"
#include "websocket_checks.h"
#include "work_checks.h"

enum { SEEDS = 20 };

static uint32_t passed, failed;
static bool is_emulated;

static void note(const char *what, long row, const char *problem)
{
    if (problem == NULL) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED %s [%ld]: %s\n", what, row, problem);
    fflush(stdout);
}

#define CHECK(call) note(#call, 0, call)
#define EACH(name, from, until, call)                                                              \
    for (int name = (from); name < (int) (until); name++)                                          \
    note(#call, name, call)
#define SEEDED(call) EACH(seed, 1, SEEDS + 1, call)
#ifdef VN_CHECKS_WITHOUT_TLS
#define OVER_MORE OVER_TLS
#else
#define OVER_MORE (OVER_TLS + 1)
#endif
#define OVER(call) EACH(over, OVER_PLAIN, OVER_MORE, call)

static void check_base(void)
{
    CHECK(vn_check_slab_has_its_capacity());
    CHECK(vn_check_slab_gives_zeroed_slots());
    CHECK(vn_check_slab_finds_tenants());
    CHECK(vn_check_slab_empties());
    CHECK(vn_check_slab_at_random());
    CHECK(vn_check_list());
    CHECK(vn_check_budget());
    CHECK(vn_check_budget_debt());
    CHECK(vn_check_mailbox());
    CHECK(vn_check_kinds());
}

/* The scanner of this processor against the portable one. */
static void check_scanner(void)
{
    CHECK(vn_check_searches_at_page_edges());
    SEEDED(vn_check_searches_on_random_bytes((uint64_t) seed));
    EACH(row, 0, vn_head_row_count(), vn_check_head_row((size_t) row));
    EACH(row, 0, vn_trailers_row_count(), vn_check_trailers_row((size_t) row));
    EACH(row, 0, vn_body_row_count(), vn_check_body_row((size_t) row));
    CHECK(vn_check_bytes_of_method());
    CHECK(vn_check_bytes_of_target());
    CHECK(vn_check_bytes_of_name());
    CHECK(vn_check_bytes_of_value());
    CHECK(vn_check_bytes_of_host());
    CHECK(vn_check_limit_of_method());
    CHECK(vn_check_limit_of_target());
    CHECK(vn_check_limit_of_version());
    CHECK(vn_check_limit_of_field());
    CHECK(vn_check_limit_of_fields());
    CHECK(vn_check_limit_of_field_count());
    CHECK(vn_check_limit_of_name());
    CHECK(vn_check_limit_of_blank_lines());
    CHECK(vn_check_limits_by_default());
    CHECK(vn_check_limit_of_trailers());
    CHECK(vn_check_limit_of_body_size());
    CHECK(vn_check_limit_of_chunk_line());
    CHECK(vn_check_limit_of_body_trailers());
    EACH(seed, 1, 3, vn_check_damaged_heads((uint64_t) seed, 1000));
    EACH(seed, 1, 3, vn_check_damaged_trailers((uint64_t) seed, 1000));
    EACH(seed, 1, 3, vn_check_damaged_bodies((uint64_t) seed, 1000));
    EACH(seed, 1, 3, vn_check_rechunked_bodies((uint64_t) seed, 100));
    CHECK(vn_check_body_by_length());
    CHECK(vn_check_chunk_data_is_lent());
    CHECK(vn_check_begin_keeps_fields());
    CHECK(vn_check_find());
    CHECK(vn_check_writers_questions());
    CHECK(vn_check_utf8_targets());
    CHECK(vn_check_utf8_targets_are_limited());
    CHECK(vn_check_frame_heads());
    CHECK(vn_check_frame_first_bytes());
    CHECK(vn_check_frame_lengths());
    SEEDED(vn_check_frame_unmask((uint64_t) seed));
    CHECK(vn_check_frame_closes());
    CHECK(vn_check_text_rows());
    SEEDED(vn_check_text_at_random((uint64_t) seed));
    CHECK(vn_check_handshake_rows());
    CHECK(vn_check_handshake_accept());
}

static void check_hpack(void)
{
    CHECK(vn_check_hpack_examples());
    CHECK(vn_check_hpack_errors());
    CHECK(vn_check_hpack_cuts());
    CHECK(vn_check_huffman());
    SEEDED(vn_check_hpack_round_trip((uint64_t) seed));
    CHECK(vn_check_hpack_limits());
    CHECK(vn_check_hpack_indexing());
    CHECK(vn_check_hpack_long_fields());
    CHECK(vn_check_frame_shapes());
    CHECK(vn_check_frame_parts());
    CHECK(vn_check_priorities());
}

static void check_http2(void)
{
    OVER(vn_check_http2_answers(over));
    OVER(vn_check_http2_cuts(over));
    SEEDED(vn_check_http2_at_random(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_http2_lost(over));
    SEEDED(vn_check_http2_broken(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_http2_windows(over));
    OVER(vn_check_http2_resumes(over));
    OVER(vn_check_http2_deadlines(over));
    OVER(vn_check_http2_drains(over));
    OVER(vn_check_http2_bounds(over));
    OVER(vn_check_preface(over));
    EACH(seed, 1, 200, vn_check_http2_damaged((uint64_t) seed));
}

static void check_text(void)
{
    CHECK(vn_check_dates_at_edges());
    SEEDED(vn_check_dates_at_random((uint64_t) seed));
    CHECK(vn_check_decimal());
    CHECK(vn_check_hexadecimal());
    CHECK(vn_check_head_begins());
    CHECK(vn_check_head_prefix());
    CHECK(vn_check_head_changes_status());
    CHECK(vn_check_head_sets_date());
    CHECK(vn_check_head_weakens_its_tag());
    CHECK(vn_check_media_types());
    CHECK(vn_check_head_drops_lines());
    CHECK(vn_check_head_finds_and_removes());
    CHECK(vn_check_head_validators());
    CHECK(vn_check_head_owns_fields());
    CHECK(vn_check_head_finishes());
    CHECK(vn_check_chunk_lines());
    CHECK(vn_check_chunk_spans());
    CHECK(vn_check_tags());
    CHECK(vn_check_bytes_of_tag());
    CHECK(vn_check_tag_lists());
    SEEDED(vn_check_tag_lists_at_random((uint64_t) seed));
    CHECK(vn_check_tag_comparison());
    CHECK(vn_check_tag_hash());
    SEEDED(vn_check_tag_hash_in_pieces((uint64_t) seed));
    CHECK(vn_check_dates_read());
    CHECK(vn_check_dates_of_two_digits());
    SEEDED(vn_check_dates_read_at_random((uint64_t) seed));
    CHECK(vn_check_damaged_dates());
    CHECK(vn_check_precondition_rows());
    CHECK(vn_check_precondition_combinations());
    CHECK(vn_check_if_range_combinations());
    CHECK(vn_check_ranges());
    SEEDED(vn_check_ranges_at_random((uint64_t) seed));
    CHECK(vn_check_part_texts());
    CHECK(vn_check_codings());
    CHECK(vn_check_multipart());
    CHECK(vn_check_multipart_bounds());
    CHECK(vn_check_multipart_boundaries());
}

static const char conversation[] =
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\nGET /produce HTTP/1.1\r\nHost: a\r\n\r\n";
static const char question[] = "GET / HTTP/1.0\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\n"
                             "Content-Length: 5\r\nConnection: close\r\n\r\nHello";
enum { LENGTH = sizeof conversation - 1 };

static void check_connection(void)
{
    SEEDED(vn_check_wheel_fires_on_time((uint64_t) seed));
    CHECK(vn_check_wheel_stays_quiet());
    OVER(vn_check_answer(over, question, sizeof question - 1, answer));
    OVER(vn_check_cuts(over, conversation, LENGTH));
    OVER(vn_check_schedules(over, conversation, LENGTH, 1, 50));
    OVER(vn_check_lost_clients(over, conversation, LENGTH));
    OVER(vn_check_broken_answers(over, conversation, LENGTH, 1, 30));
    OVER(vn_check_event_after_end(over));
    if (!is_emulated)
        OVER(vn_check_shares(over));
    SEEDED(vn_check_parts((uint64_t) seed));
    OVER(vn_check_large_output(over));
    OVER(vn_check_backpressure(over));
    OVER(vn_check_resume(over));
    OVER(vn_check_deferral(over));
    OVER(vn_check_stale_handles(over));
    OVER(vn_check_releases(over));
    OVER(vn_check_response_refusals(over));
    OVER(vn_check_drain(over));
    OVER(vn_check_detached(over));
    OVER(vn_check_detached_before_it_begins(over));
    OVER(vn_check_detached_deadlines(over));
    SEEDED(vn_check_detached_at_random(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_late_worker(over));
    OVER(vn_check_late_stop(over));
    OVER(vn_check_dripping_is_late(over));
    OVER(vn_check_retires_at_the_idle_deadline(over));
    OVER(vn_check_retires_when_the_server_stops(over));
    OVER(vn_check_answers_in_the_grace(over));
}

static void check_limits(void)
{
    static const char *const limits[] = {
        "request_line", "field",    "fields",   "field_count", "body",   "streamed_body",
        "chunk_line",   "trailers", "requests", "discard",     "output",
    };
    static const char *const deadlines[] = {
        "head",       "body_grace", "body_rate", "idle",         "write_stall",
        "write_rate", "handler",    "linger",    "linger_total",
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        OVER(vn_check_limit(over, limits[i]));
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++)
        OVER(vn_check_deadline(over, deadlines[i]));
}

static void check_rows_of_connections(void)
{
    for (int over = OVER_PLAIN; over < OVER_MORE; over++) {
        EACH(row, 0, vn_early_answers, vn_check_early_answer(over, row));
        EACH(row, 0, vn_ended_conversations, vn_check_ended(over, row));
        EACH(row, 0, vn_unread_requests, vn_check_unread_in_time(over, row));
    }
    OVER(vn_check_early_deferral(over));
    OVER(vn_check_early_answer_without_end(over));
    OVER(vn_check_ended_clock(over));
    OVER(vn_check_ended_unsent(over));
    OVER(vn_check_ended_by_stop(over));
    OVER(vn_check_ended_after_continue(over));
    OVER(vn_check_refusal_hook(over));
    OVER(vn_check_held(over));
}

static void check_websockets(void)
{
    for (int over = OVER_PLAIN; over < OVER_MORE; over++)
        for (int row = 0; row < vn_websocket_talks; row++)
            note("vn_check_websocket_talk", row, vn_check_websocket_talk(over, row));
    OVER(vn_check_websocket_closes(over));
    OVER(vn_check_websocket_owes(over));
    OVER(vn_check_websocket_failing_user(over));
    OVER(vn_check_websocket_pings(over));
    OVER(vn_check_websocket_ping_flood(over));
    OVER(vn_check_websocket_input_waits(over));
    OVER(vn_check_websocket_drains(over));
    OVER(vn_check_websocket_limits(over));
    OVER(vn_check_websocket_waits(over));
    OVER(vn_check_websocket_large(over));
    OVER(vn_check_websocket_posts(over));
    OVER(vn_check_websocket_topic(over));
    OVER(vn_check_websocket_slow(over));
    OVER(vn_check_websocket_late(over));
    OVER(vn_check_websocket_lost(over));
    OVER(vn_check_websocket_refuses(over));
    SEEDED(vn_check_websocket_damaged(OVER_PLAIN, (uint64_t) seed));
    SEEDED(vn_check_websocket_damaged(OVER_XOR, (uint64_t) seed));
}

static void check_hub_and_lines(void)
{
    OVER(vn_check_hub_delivers(over));
    OVER(vn_check_hub_replays(over));
    OVER(vn_check_hub_history(over));
    OVER(vn_check_hub_slow(over));
    OVER(vn_check_hub_haste(over));
    OVER(vn_check_hub_inbox(over));
    OVER(vn_check_hub_life(over));
    OVER(vn_check_hub_refusals(over));
    EACH(seed, 1, 4, vn_check_hub_model(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_hub_threads(over));
    OVER(vn_check_lines_are_answered(over));
    OVER(vn_check_lines_cut(over));
    SEEDED(vn_check_lines_at_random(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_lines_lost(over));
    SEEDED(vn_check_lines_broken(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_lines_out_of_order(over));
    OVER(vn_check_lines_wait(over));
    OVER(vn_check_lines_stream(over));
    OVER(vn_check_lines_detached(over));
    SEEDED(vn_check_lines_detached_at_random(OVER_PLAIN, (uint64_t) seed));
    OVER(vn_check_lines_subscribe(over));
    OVER(vn_check_lines_expire(over));
    OVER(vn_check_lines_drain(over));
}

static void check_transport(int ring)
{
    CHECK(vn_check_last_words());
    CHECK(vn_check_transport_fails());
    SEEDED(vn_check_transport_fails_at_random((uint64_t) seed));
    CHECK(vn_check_transport_never_begins());
    CHECK(vn_check_truncated_input());
    CHECK(vn_check_input_after_its_end());
    CHECK(vn_check_wire_is_counted());
    EACH(drains, 0, 2, vn_check_transport_over_a_socket(ring, drains));
    CHECK(vn_check_offline_clients());
    CHECK(vn_check_offline_client_count());
}

static void check_listeners(void)
{
    CHECK(vn_check_parses("127.0.0.1", 4));
    CHECK(vn_check_parses("[::1]", 6));
    CHECK(vn_check_parses("127.0.0.1:80", 0));
    CHECK(vn_check_parses_zones());
    CHECK(vn_check_parses_paths());
    CHECK(vn_check_host_name("a-b_c.example", true));
    CHECK(vn_check_host_name("1.2.3", false));
    CHECK(vn_check_resolves());
    CHECK(vn_check_shares_a_port("127.0.0.1"));
    EACH(reuses_port, 0, 2, vn_check_finds_a_foreign_server(reuses_port != 0));
    CHECK(vn_check_serves_both_families());
    CHECK(vn_check_refuses_a_foreign_address());
    CHECK(vn_check_sets_options());
    if (!is_emulated)
        CHECK(vn_check_listens_without_unsent_limit());
    CHECK(vn_check_replaces_a_stale_path());
    CHECK(vn_check_refuses_a_live_path());
    CHECK(vn_check_listens_on_an_abstract_name());
    CHECK(vn_check_refuses_a_path_to_a_file());
    CHECK(vn_check_sets_the_mode(0660));
    CHECK(vn_check_names_the_peer("127.0.0.1", "127.0.0.1", "127.0.0.1"));
    CHECK(vn_check_names_the_peer(NULL, "", ""));
    CHECK(vn_check_sees_input_and_finishes());
    CHECK(vn_check_abandons_output());
}

static void check_ring(int32_t backend)
{
    for (int32_t transport = VN_CHECK_TCP; transport <= VN_CHECK_LOCAL; transport++) {
        const vn_ring_place place = {.backend = backend, .transport = transport};
        for (int32_t index = 0; vn_ring_sentence(index) != NULL; index++)
            note(vn_ring_sentence(index), transport, vn_check_ring(index, place));
    }
    if (!is_emulated)
        CHECK(vn_check_falls_back());
}

static void check_files(int ring)
{
    CHECK(vn_check_paths_beneath());
    CHECK(vn_check_paths_beneath_while_swapped());
    CHECK(vn_check_reads(ring));
    CHECK(vn_check_read_ends(ring));
}

static void check_work(int ring)
{
    CHECK(vn_check_tasks());
    SEEDED(vn_check_timers_at_random((uint64_t) seed));
    CHECK(vn_check_timer_bursts());
    CHECK(vn_check_posted_tasks(ring));
    CHECK(vn_check_timers(ring));
    CHECK(vn_check_watches(ring));
    CHECK(vn_check_watch_at_the_end(ring));
    CHECK(vn_check_stop_hooks(ring));
    CHECK(vn_check_refusal(ring));
}

static void check_unread(uint8_t backend)
{
    SEEDED(vn_check_unread_choice((uint64_t) seed));
    CHECK(vn_check_unread_notes());
    OVER(vn_check_unread_order(over));
    OVER(vn_check_unread_ends(over));
    CHECK(vn_check_unread_answers(backend));
    CHECK(vn_check_unread_events(backend));
    EACH(row, 0, vn_unread_closes, vn_check_unread_close(backend, row, false));
    EACH(row, 0, vn_unread_closes, vn_check_unread_close(backend, row, true));
}

static void check_server(uint8_t backend)
{
    CHECK(vn_check_cycles(backend, 50));
#ifndef VN_CHECKS_WITHOUT_TLS
    CHECK(vn_check_tls_cycles(backend, 50, 256 << 10));
#endif
    CHECK(vn_check_connection_limit(backend));
    CHECK(vn_check_shared_places(backend));
    CHECK(vn_check_stop_serves_the_queue(backend));
    CHECK(vn_check_stop_deadline(backend));
    CHECK(vn_check_signals(backend));
    CHECK(vn_check_calling_thread(backend));
    CHECK(vn_check_start_errors(backend));
    if (!is_emulated)
        CHECK(vn_check_start_without_descriptors(backend));
    CHECK(vn_check_unix_socket(backend));
    CHECK(vn_check_lingering(backend));
    CHECK(vn_check_fairness(backend));
    EACH(workers, 1, 3, vn_check_listeners(backend, (uint32_t) workers));
    CHECK(vn_check_listeners_share_places(backend, 9));
    EACH(workers, 1, 3, vn_check_listener_conflicts(backend, (uint32_t) workers));
    CHECK(vn_check_listener_count(backend));
    EACH(workers, 2, 5, vn_check_dealt_in_turn(backend, (uint32_t) workers));
    EACH(is_balanced, 0, 2, vn_check_dealt_places(backend, is_balanced != 0));
    CHECK(vn_check_dealt_before_a_stop(backend));
    CHECK(vn_check_dealt_too_late(backend));
}

static void check_stop(uint8_t backend)
{
    CHECK(vn_check_stop_answers_what_has_come(backend));
    CHECK(vn_check_idle_end_answers_what_has_come(backend));
    EACH(workers, 1, 3, vn_check_restarts_under_load(backend, (uint32_t) workers, 50, true));
    EACH(workers, 1, 3, vn_check_restarts_under_load(backend, (uint32_t) workers, 50, false));
    CHECK(vn_check_lame_duck(backend));
    CHECK(vn_check_successor(backend));
    CHECK(vn_check_bind_retry(backend));
}

struct backend {
    const char *name;
    uint8_t number; /* of vn_config */
    int ring; /* VN_RING_... */
    int32_t place; /* VN_CHECK_... */
};

static const struct backend backends[] = {
    {"io_uring", VN_BACKEND_URING, VN_RING_URING, VN_CHECK_URING},
    {"epoll", VN_BACKEND_EPOLL, VN_RING_EPOLL, VN_CHECK_EPOLL},
    {"kqueue", VN_BACKEND_KQUEUE, VN_RING_KQUEUE, VN_CHECK_KQUEUE},
};

static void check_alone(void)
{
    check_base();
    check_scanner();
    check_hpack();
    check_http2();
    check_text();
    check_connection();
    check_limits();
    check_rows_of_connections();
    check_hub_and_lines();
    check_websockets();
    check_listeners();
}

/* The counts of a process that checks what needs no system. */
static int begin_alone(pid_t *process)
{
    int ends[2];
    if (pipe(ends) < 0 || (*process = fork()) < 0)
        abort();
    if (*process > 0) {
        close(ends[1]);
        return ends[0];
    }
    check_alone();
    const uint32_t counts[] = {passed, failed};
    if (write(ends[1], counts, sizeof counts) != (ssize_t) sizeof counts)
        abort();
    exit(0); /* and leaks are looked for */
}

static void join_alone(int counted, pid_t process)
{
    uint32_t counts[2] = {0};
    int status = 0;
    bool is_told = read(counted, counts, sizeof counts) == (ssize_t) sizeof counts;
    bool is_over = waitpid(process, &status, 0) == process && status == 0;
    note("a process without the system", status, is_told && is_over ? NULL : "it broke");
    passed += counts[0];
    failed += counts[1];
}

static void check_over(const struct backend *backend)
{
    check_transport(backend->ring);
    check_ring(backend->place);
    check_files(backend->ring);
    check_work(backend->ring);
    check_unread(backend->number);
    check_server(backend->number);
    check_stop(backend->number);
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "epoll";
    const struct backend *chosen = NULL;
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (strcmp(backends[i].name, name) == 0)
            chosen = &backends[i];
    if (chosen == NULL || !vn_ring_is_available(chosen->place)) {
        fprintf(stderr, "checks: there is no %s here\n", name);
        return 64;
    }
    is_emulated = count > 2 && strcmp(arguments[2], "emulated") == 0;
    pid_t process;
    int counted = begin_alone(&process); /* most of both is waiting */
    check_over(chosen);
    join_alone(counted, process);
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
