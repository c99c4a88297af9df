// SPDX-License-Identifier: MIT
/* http_checks.h - checks of Sources/CVanillaIO/http. Each returns NULL, or a message that says
 * what failed; it is valid until the thread's next check. A `seed` makes a random check
 * repeatable. */
#ifndef HTTP_CHECKS_H
#define HTTP_CHECKS_H

#include <stddef.h>
#include <stdint.h>

/* Tables of heads, of trailer sections and of chunked bodies. Each row is delivered whole, cut
 * in two at every byte, in small pieces and byte by byte, from memory that ends at an unreadable
 * page and moves between calls. */
size_t vn_head_row_count(void);
const char *vn_head_row_name(size_t row);
const char *vn_check_head_row(size_t row);

size_t vn_trailers_row_count(void);
const char *vn_trailers_row_name(size_t row);
const char *vn_check_trailers_row(size_t row);

size_t vn_body_row_count(void);
const char *vn_body_row_name(size_t row);
const char *vn_check_body_row(size_t row);

/* Each of the 256 bytes at one place of a head. */
const char *vn_check_bytes_of_method(void);
const char *vn_check_bytes_of_target(void);
const char *vn_check_bytes_of_name(void);
const char *vn_check_bytes_of_value(void);
const char *vn_check_bytes_of_host(void);

/* At a limit and one past it. */
const char *vn_check_limit_of_method(void);
const char *vn_check_limit_of_target(void);
const char *vn_check_limit_of_version(void);
const char *vn_check_limit_of_field(void);
const char *vn_check_limit_of_fields(void);
const char *vn_check_limit_of_field_count(void);
const char *vn_check_limit_of_name(void);
const char *vn_check_limit_of_blank_lines(void);
const char *vn_check_limits_by_default(void);
const char *vn_check_limit_of_trailers(void);
const char *vn_check_limit_of_body_size(void);
const char *vn_check_limit_of_chunk_line(void);
const char *vn_check_limit_of_body_trailers(void);

/* The searches against the portable ones. */
const char *vn_check_searches_at_page_edges(void);
const char *vn_check_searches_on_random_bytes(uint64_t seed);

/* Heads and bodies made by damaging good ones: the verdict depends on neither the scanner nor
 * the cuts. */
const char *vn_check_damaged_heads(uint64_t seed, size_t rounds);
const char *vn_check_damaged_trailers(uint64_t seed, size_t rounds);
const char *vn_check_damaged_bodies(uint64_t seed, size_t rounds);

/* Random data in random chunks, decoded from random pieces. */
const char *vn_check_rechunked_bodies(uint64_t seed, size_t rounds);
const char *vn_check_body_by_length(void);
const char *vn_check_chunk_data_is_lent(void);

const char *vn_check_begin_keeps_fields(void);
const char *vn_check_find(void);
const char *vn_check_writers_questions(void);
const char *vn_check_dates_at_edges(void);
const char *vn_check_dates_at_random(uint64_t seed);
const char *vn_check_decimal(void);
const char *vn_check_hexadecimal(void);

/* The head of an answer: its begin with each status, changes to what was written, lines that go,
 * the fields that are the core's own, its end with each framing. */
const char *vn_check_head_begins(void);
const char *vn_check_head_prefix(void);
const char *vn_check_head_changes_status(void);
const char *vn_check_head_sets_date(void);
const char *vn_check_head_weakens_its_tag(void);
const char *vn_check_media_types(void);
const char *vn_check_head_drops_lines(void);
const char *vn_check_head_finds_and_removes(void);
const char *vn_check_head_validators(void);
const char *vn_check_head_owns_fields(void);
const char *vn_check_head_finishes(void);

/* Chunks as they are written, and read again. */
const char *vn_check_chunk_lines(void);
const char *vn_check_chunk_spans(void);

/* Entity tags, alone and in lists; their hash; dates to read. */
const char *vn_check_tags(void);
const char *vn_check_bytes_of_tag(void);
const char *vn_check_tag_lists(void);
const char *vn_check_tag_lists_at_random(uint64_t seed);
const char *vn_check_tag_comparison(void);
const char *vn_check_tag_hash(void);
const char *vn_check_tag_hash_in_pieces(uint64_t seed);
const char *vn_check_dates_read(void);
const char *vn_check_dates_of_two_digits(void);
const char *vn_check_dates_read_at_random(uint64_t seed);
const char *vn_check_damaged_dates(void);

/* Preconditions: by rows, and all combinations against a second telling of the RFC. */
const char *vn_check_precondition_rows(void);
const char *vn_check_precondition_combinations(void);
const char *vn_check_if_range_combinations(void);

/* Ranges, by rows and at random; the texts between parts; content codings. */
const char *vn_check_ranges(void);
const char *vn_check_ranges_at_random(uint64_t seed);
const char *vn_check_part_texts(void);
const char *vn_check_codings(void);

/* Forms with files: over every cut, their bounds, their boundaries. */
const char *vn_check_multipart(void);
const char *vn_check_multipart_bounds(void);
const char *vn_check_multipart_boundaries(void);

#endif
