// SPDX-License-Identifier: MIT
/* coded.c - an exchange whose answer passes a content coding. It stands between the exchange and
 * its protocol: what the exchange asks of its protocol comes here first, and leaves coded. */
#include <errno.h>
#include <stdlib.h>

#include "../http/media_type.h"
#include "../http/preference.h"
#include "../http/scan.h"
#include "../include/vn_coder.h"
#include "response.h"

struct vn_coded {
    struct vn_protocol protocol; /* as the exchange's own, but for what passes here */
    const struct vn_protocol *inner; /* the exchange's own */
    const vn_coding *coding;
    vn_release *release; /* of the coding */
    void *context;
    int32_t chosen; /* VN_CODING_... of what the client takes */
    bool is_stream; /* the length of the content is not known: each piece is to leave */
    void *encoder; /* NULL until the head was sent */
};

static struct vn_coded *coded_of(const struct vn_exchange *exchange)
{
    return vn_holder(exchange->protocol, struct vn_coded, protocol);
}

/* ---- What is coded ---- */

/* Whether a list of tokens, of which the first line with that name counts, has this one. */
static bool has_member(const struct vn_head *head, vn_span name, vn_span member)
{
    vn_span value = vn_head_find(head, name);
    while (value.count > 0)
        if (vn_equals_ignoring_case(vn_take_until(&value, ','), member))
            return true;
    return false;
}

static bool has_type(const vn_coding *coding, const struct vn_head *head,
                     const struct vn_content *content)
{
    vn_span type =
        content->type.count > 0 ? content->type : vn_head_find(head, VN_LITERAL("Content-Type"));
    for (size_t i = 0; i < coding->type_count; i++)
        if (vn_media_type_matches(type, coding->types[i]))
            return true;
    return false;
}

/* Whether it would be coded, for a client that takes it. */
static bool is_codable(const vn_coding *coding, const struct vn_head *head,
                       const struct vn_content *content)
{
    if (!content->is_allowed || content->length == 0 || head->status == 206)
        return false; /* what is empty is not written, and would have no end */
    if (content->length >= 0 &&
        ((uint64_t) content->length < coding->min || (uint64_t) content->length > coding->max))
        return false;
    return has_type(coding, head, content) &&
           vn_head_find(head, VN_LITERAL("Content-Encoding")).bytes == NULL &&
           vn_head_find(head, VN_LITERAL("Content-Range")).bytes == NULL &&
           !has_member(head, VN_LITERAL("Cache-Control"), VN_LITERAL("no-transform"));
}

static void add_vary(struct vn_head *head)
{
    const vn_span name = VN_LITERAL("Vary"), member = VN_LITERAL("Accept-Encoding");
    if (!has_member(head, name, member) && !has_member(head, name, VN_LITERAL("*")))
        vn_head_add(head, name, member);
}

static vn_span name_of(int32_t coding)
{
    static const vn_span names[VN_CODINGS] = {
        [VN_CODING_IDENTITY] = VN_LITERAL("identity"),
        [VN_CODING_GZIP] = VN_LITERAL("gzip"),
        [VN_CODING_BROTLI] = VN_LITERAL("br"),
        [VN_CODING_ZSTD] = VN_LITERAL("zstd"),
    };
    return names[coding];
}

/* The lines of an answer that is coded. Bytes of it that a client has cannot be joined with others,
 * nor are they those that its strong tag stood for. */
static void add_lines(struct vn_head *head, int32_t coding)
{
    vn_head_remove(head, VN_LITERAL("Accept-Ranges"));
    vn_head_weaken_tag(head);
    vn_head_add(head, VN_LITERAL("Content-Encoding"), name_of(coding));
}

/* ---- Passing on ---- */

static int32_t encode(const struct vn_coded *coded, vn_span bytes, int32_t follows,
                      vn_coded_bytes *output)
{
    const vn_coder *coder = coded->coding->coders[coded->chosen];
    int32_t result = coder->encode(coded->encoder, bytes, follows, output);
    if (result < 0) {
        free(output->bytes);
        *output = (vn_coded_bytes) {0};
    }
    return result;
}

/* Code content, and let what comes of it pass. What ends an answer has an end of its own there. */
static int32_t pass(struct vn_exchange *exchange, vn_span bytes)
{
    struct vn_coded *coded = coded_of(exchange);
    bool is_end = exchange->answer == VN_ANSWER_DONE;
    vn_coded_bytes output = {0};
    int32_t result = encode(coded, bytes,
                            is_end             ? VN_CODER_END
                            : coded->is_stream ? VN_CODER_FLUSH
                                               : VN_CODER_MORE,
                            &output);
    if (result == 0 && output.count > 0)
        result = coded->inner->write_shared(exchange, (vn_span) {output.bytes, output.count}, free,
                                            output.bytes);
    else
        free(output.bytes);
    return result == 0 && is_end ? coded->inner->finish(exchange) : result;
}

static int32_t coded_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                                  void *context)
{
    int32_t result = pass(exchange, bytes);
    if (release != NULL)
        release(context);
    return result;
}

static int32_t coded_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                                 bool is_only, vn_release *release, void *context)
{
    (void) is_only;
    return coded_write_shared(exchange, vn_chunk_data(chunk), release, context);
}

static int32_t coded_finish(struct vn_exchange *exchange)
{
    return pass(exchange, (vn_span) {0});
}

/* ---- The head ---- */

/* The exchange is over, or does not want it any more: it has its own protocol again. */
static void coded_end(struct vn_exchange *exchange)
{
    struct vn_coded *coded = exchange->pending->coded;
    exchange->protocol = coded->inner;
    exchange->pending->coded = NULL;
    if (coded->encoder != NULL)
        coded->coding->coders[coded->chosen]->end(coded->encoder);
    coded->release(coded->context);
    vn_freelist_give(&exchange->worker->freelist, coded, sizeof *coded);
}

/* Nothing more is coded: it is sent as it is now. */
static int32_t leave(struct vn_exchange *exchange, struct vn_head *head,
                     const struct vn_content *content)
{
    coded_end(exchange);
    return exchange->protocol->head(exchange, head, content);
}

/* Content that is there at once is coded at once, and stays as it is where that gains nothing. */
static int32_t send_at_once(struct vn_exchange *exchange, struct vn_head *head,
                            struct vn_content content)
{
    const struct vn_coded *coded = coded_of(exchange);
    vn_coded_bytes output = {0};
    int32_t result = encode(coded, content.bytes, VN_CODER_END, &output);
    if (result < 0)
        return result;
    if (output.count < content.bytes.count) {
        add_lines(head, coded->chosen);
        content.bytes = (vn_span) {output.bytes, output.count};
        content.length = (int64_t) output.count;
    }
    result = leave(exchange, head, &content);
    free(output.bytes);
    return result;
}

static int32_t coded_head(struct vn_exchange *exchange, struct vn_head *head,
                          const struct vn_content *content)
{
    struct vn_coded *coded = coded_of(exchange);
    const vn_coder *coder = coded->coding->coders[coded->chosen];
    if (head->status == 304 && coder != NULL) {
        vn_head_weaken_tag(head); /* as that of the answer was which the client has */
        add_vary(head);
    }
    if (!is_codable(coded->coding, head, content))
        return leave(exchange, head, content);
    add_vary(head);
    coded->encoder = coder == NULL ? NULL : coder->begin(coder->context);
    if (coded->encoder == NULL)
        return leave(exchange, head, content);
    if (content->bytes.count > 0)
        return send_at_once(exchange, head, *content);
    struct vn_content unknown = *content;
    unknown.length = -1;
    coded->is_stream = content->length < 0;
    add_lines(head, coded->chosen);
    return coded->inner->head(exchange, head, &unknown);
}

/* ---- The choice ---- */

/* The best of those that the client takes and that are there; what it takes none of is sent as it
 * is. */
static int32_t choose(const vn_coding *coding, const vn_request *request)
{
    uint32_t available = 1u << VN_CODING_IDENTITY;
    if (request == NULL)
        return VN_CODING_IDENTITY;
    for (int32_t i = 0; i < VN_CODINGS; i++)
        if (coding->coders[i] != NULL)
            available |= 1u << i;
    const vn_coding_weights weights = vn_request_codings(request);
    int32_t chosen = vn_codings_choose(&weights, available);
    return chosen < 0 ? VN_CODING_IDENTITY : chosen;
}

/* Between the exchange and its protocol. Returns 0 or -ENOMEM. */
static int32_t code(struct vn_exchange *exchange, struct vn_coded what)
{
    struct vn_pending *pending = vn_exchange_pending(exchange);
    struct vn_coded *coded =
        pending == NULL ? NULL : vn_freelist_take(&exchange->worker->freelist, sizeof *coded);
    if (coded == NULL)
        return -ENOMEM;
    *coded = what;
    coded->inner = exchange->protocol;
    coded->protocol = *exchange->protocol;
    coded->protocol.head = coded_head;
    coded->protocol.write = pass;
    coded->protocol.write_shared = coded_write_shared;
    coded->protocol.write_chunk = coded_write_chunk;
    coded->protocol.finish = coded_finish;
    pending->coded = coded;
    pending->coded_over = coded_end;
    exchange->protocol = &coded->protocol;
    return 0;
}

int32_t vn_response_code(vn_response *response, const vn_coding *coding, vn_release *release,
                         void *context)
{
    struct vn_exchange *exchange = response->exchange;
    int32_t result = vn_response_is_unanswered(response) ? 0 : vn_response_refusal(response);
    if (result == 0 && exchange->pending != NULL && exchange->pending->coded != NULL)
        coded_end(exchange);
    if (coding == NULL)
        return result;
    if (result == 0)
        result = code(exchange, (struct vn_coded) {.coding = coding,
                                                   .chosen = choose(coding, response->request),
                                                   .release = release,
                                                   .context = context});
    if (result < 0)
        release(context);
    return result;
}
