// SPDX-License-Identifier: MIT
#include "reload.h"

#include <stdio.h>

#include "identity.h"

enum {
    SECOND = 1000000000, /* nanoseconds */
    EXPIRY_EVERY = 24 * 60 * 60, /* looks, one a second */
    EXPIRY_WARNING = 14, /* days before */
};

static void say(const struct vn_tls *tls, int32_t level, const char *message)
{
    if (tls->config.log != NULL)
        tls->config.log(tls->config.log_context, level, message);
}

/* ---- Expiry ---- */

/* About what is shown with certificates: what was wrong when it was read, or has run out since. */
static void note_staple(const struct vn_tls *tls, const struct vn_tls_leaf *leaf)
{
    char message[400];
    bool is_over = leaf->staple.bytes != NULL && time(NULL) >= leaf->staple.until;
    if (leaf->complaint == NULL && !is_over)
        return;
    if (is_over)
        snprintf(message, sizeof message, "TLS: the staple of the certificate %s is over",
                 leaf->source);
    else
        snprintf(message, sizeof message, "TLS: %s", leaf->complaint);
    say(tls, VN_LOG_WARNING, message);
}

static void note_expiry(const struct vn_tls *tls, const struct vn_tls_identity *identity)
{
    char message[384];
    for (uint32_t i = 0; i < identity->leaf_count; i++)
        note_staple(tls, &identity->leaves[i]);
    for (uint32_t i = 0; i < identity->leaf_count; i++) {
        const struct vn_tls_leaf *leaf = &identity->leaves[i];
        int days, seconds;
        if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf->certificate)) != 1 ||
            days >= EXPIRY_WARNING)
            continue;
        bool is_over = days < 0 || seconds < 0;
        snprintf(message, sizeof message, "TLS: the certificate %s %s%d day%s%s", leaf->source,
                 is_over ? "has expired, " : "expires in ", is_over ? -days : days,
                 days == 1 || days == -1 ? "" : "s", is_over ? " ago" : "");
        say(tls, is_over ? VN_LOG_ERROR : VN_LOG_WARNING, message);
    }
}

/* ---- Loading again ---- */

static uint64_t look(const struct vn_tls *tls)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < tls->config.certificate_count; i++) {
        sum = vn_tls_watched_add(sum, tls->config.certificates[i].chain_file);
        sum = vn_tls_watched_add(sum, tls->config.certificates[i].key_file);
        sum = vn_tls_watched_add(sum, tls->config.certificates[i].staple_file);
    }
    sum = vn_tls_watched_add(sum, tls->config.ticket_key_file);
    sum = vn_tls_watched_add(sum, tls->config.client_ca_file);
    return vn_tls_watched_add(sum, tls->config.client_crl_file);
}

/* The lock for that is held. */
static int32_t load_again(struct vn_tls *tls, vn_tls_error *error)
{
    char message[400];
    struct vn_tls_identity *loaded = vn_tls_identity_load(&tls->config, vn_tls_set_up, tls, error);
    if (loaded != NULL &&
        vn_tls_tickets_load(&tls->tickets, tls->config.ticket_key_file, error) < 0) {
        vn_tls_identity_release(loaded);
        loaded = NULL;
    }
    if (loaded == NULL) {
        snprintf(message, sizeof message, "TLS: the certificates of before stay: %s",
                 error->message);
        say(tls, VN_LOG_ERROR, message);
        return -EINVAL;
    }
    pthread_mutex_lock(&tls->lock);
    struct vn_tls_identity *before = tls->identity;
    tls->identity = loaded;
    pthread_mutex_unlock(&tls->lock);
    vn_tls_identity_release(before);
    say(tls, VN_LOG_INFO, "TLS: the certificates were loaded again");
    note_expiry(tls, loaded);
    return 0;
}

int32_t vn_tls_reload(vn_tls *tls, vn_tls_error *error)
{
    vn_tls_error unnamed;
    pthread_mutex_lock(&tls->reload_lock);
    vn_tls_watched_begin(&tls->watched, look(tls));
    int32_t result = load_again(tls, error == NULL ? &unnamed : error);
    pthread_mutex_unlock(&tls->reload_lock);
    return result;
}

void vn_tls_hung_up(const struct vn_transport *transport)
{
    vn_tls_reload(vn_holder((uintptr_t) transport, struct vn_tls, table), NULL);
}

void vn_tls_reload_begin(struct vn_tls *tls)
{
    vn_tls_watched_begin(&tls->watched, look(tls));
    note_expiry(tls, tls->identity);
}

/* ---- Looking ---- */

static void look_again(void *context)
{
    struct vn_tls_shard *shard = context;
    struct vn_tls *tls = shard->tls;
    vn_tls_error error;
    pthread_mutex_lock(&tls->reload_lock);
    if (vn_tls_watched_look(&tls->watched, look(tls)))
        load_again(tls, &error);
    if (++shard->looks % EXPIRY_EVERY == 0) /* nobody else replaces what is loaded now */
        note_expiry(tls, tls->identity);
    pthread_mutex_unlock(&tls->reload_lock);
    vn_timer_set(shard->worker, &shard->watch, SECOND);
}

void vn_tls_opened(const struct vn_transport *transport, struct vn_worker *worker)
{
    struct vn_tls *tls = vn_holder((uintptr_t) transport, struct vn_tls, table);
    struct vn_tls_shard *shard = vn_tls_shard_of(tls, worker);
    if (shard == NULL)
        return;
    pthread_mutex_lock(&tls->lock);
    bool is_first = tls->watcher == NULL;
    if (is_first)
        tls->watcher = shard;
    pthread_mutex_unlock(&tls->lock);
    if (!is_first)
        return;
    shard->watch.run = look_again;
    shard->watch.context = shard;
    vn_timer_set(worker, &shard->watch, SECOND);
}

void vn_tls_reload_stop(struct vn_tls_shard *shard)
{
    struct vn_tls *tls = shard->tls;
    vn_timer_clear(&shard->watch);
    pthread_mutex_lock(&tls->lock);
    if (tls->watcher == shard)
        tls->watcher = NULL;
    pthread_mutex_unlock(&tls->lock);
}
