// SPDX-License-Identifier: MIT
/* transport_checks.h - what a connection and a transport owe each other, over one that has words of
 * its own (xor_transport.h). Each check returns NULL, or what went wrong, in memory that stays
 * valid until the next check on the same thread. */
#ifndef VN_TRANSPORT_CHECKS_H
#define VN_TRANSPORT_CHECKS_H

#include <stdint.h>

/* A connection that ends in peace ends its transport's way: whatever ended it, and however slowly
 * the word goes out. One that is cut does not. */
const char *vn_check_last_words(void);
/* What is no record ends the connection, with a word about it: exchanges in hand are over, what
 * they lent is released, and what still comes is thrown away. */
const char *vn_check_transport_fails(void);
const char *vn_check_transport_fails_at_random(uint64_t seed);
/* Nothing is said to a client that does not begin as the transport wants, however long it stays. */
const char *vn_check_transport_never_begins(void);
/* An end within a record is none. */
const char *vn_check_truncated_input(void);
/* What comes after the transport's own end of input is not looked at. */
const char *vn_check_input_after_its_end(void);
/* Bytes are counted on the wire. */
const char *vn_check_wire_is_counted(void);
/* Large answers to a client that reads slowly arrive whole over a socket and a backend of the
 * system (VN_RING_...), with the transport's end after them: when the client has ended its side, or
 * (`drains`) when the worker stops. */
const char *vn_check_transport_over_a_socket(int backend, int drains);

#endif
