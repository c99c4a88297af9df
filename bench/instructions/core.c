// SPDX-License-Identifier: MIT
/* core.c - plaintext requests through the C core alone, to be counted: no socket, no Swift. Built
 * by bench/instructions.py with the C files of a tree, of which it uses nothing but the public
 * headers.
 *
 * core COUNT: so many pipelined requests in one call of vn_server_handle. Ends with 0 when it got
 * so many answers. */
#include <CVanillaIO.h>
#include <stdio.h>
#include <stdlib.h>

static const char request_text[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n";
static const char answer_start[] = "HTTP/1.1 200 ";

static void handle(void *context, const vn_request *request, vn_response *response)
{
    (void) context;
    vn_span path = vn_request_path(request);
    if (path.count == 1 && path.bytes[0] == '/')
        vn_response_send(response, vn_span_of("text/plain"), vn_span_of("Hello, World!"));
}

static vn_span repeated(size_t count)
{
    size_t size = sizeof request_text - 1;
    uint8_t *text = malloc(count * size);
    if (text == NULL)
        exit(1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, request_text, size);
    return (vn_span) {text, count * size};
}

/* Answers to the same request are equally long. */
static bool is_answered(const uint8_t *output, size_t size, size_t count)
{
    size_t start = sizeof answer_start - 1, each = size / count;
    if (output == NULL || size % count != 0 || each < start)
        return false;
    for (size_t i = 0; i < count; i++)
        if (memcmp(output + i * each, answer_start, start) != 0)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, size = 0;
    vn_config config;
    vn_error error;
    vn_config_init(&config);
    config.handlers.handle = handle;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || count == 0)
        return 1;
    vn_span input = repeated(count);
    uint8_t *output = vn_server_handle(server, input, &size);
    if (!is_answered(output, size, count)) {
        fprintf(stderr, "core: not %zu answers in %zu bytes\n", count, size);
        return 1;
    }
    free(output);
    free((void *) input.bytes);
    vn_server_close(server);
    return 0;
}
