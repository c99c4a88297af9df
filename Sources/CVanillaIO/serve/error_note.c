// SPDX-License-Identifier: MIT
/* error_note.c - what a handler threw, for the hook that is told of the end of its exchange. */
#include "body_writer.h"
#include "response.h"

static void note_error(struct vn_record *record, void *error, vn_release *release)
{
    if (record == NULL || record->told.error != NULL) {
        if (release != NULL)
            release(error);
        return;
    }
    record->told.error = error;
    record->error_release = release;
}

void vn_response_note_error(vn_response *response, void *error, vn_release *release)
{
    bool is_elsewhere = vn_response_is_elsewhere(response);
    note_error(is_elsewhere ? NULL : vn_exchange_record(response->exchange), error, release);
}

void vn_body_note_error(vn_body_writer *writer, void *error, vn_release *release)
{
    note_error(vn_exchange_record(writer->exchange), error, release);
}
