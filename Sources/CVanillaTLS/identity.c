// SPDX-License-Identifier: MIT
#include "identity.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

enum {
    NAME_MAX_COUNT = 254, /* RFC 1035, section 2.3.4, and a final dot */
    /* Types of keys of which each name has at most one certificate. */
    KEY_TYPES = 4,
    NAMES_MAX = 1 << 16,
};

/* While it is loaded: the certificates that have a name, one of each type of key. */
struct entry {
    char *text;
    int32_t places[KEY_TYPES]; /* -1: none */
};

struct loading {
    const vn_tls_config *config;
    vn_tls_setup *setup;
    void *setup_context;
    vn_tls_error *error;
    struct vn_tls_pair *pairs;
    uint32_t loaded; /* pairs */
    uint32_t current; /* the pair whose names are taken */
    struct entry *entries;
    uint32_t entry_count, entry_capacity;
    struct entry *sets; /* of the contexts that were made; without a text */
    struct vn_tls_identity *identity;
};

/* ---- Names ---- */

static int32_t key_type(const struct vn_tls_pair *pair)
{
    switch (EVP_PKEY_get_base_id(pair->key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return 0;
    case EVP_PKEY_EC:
        return 1;
    case EVP_PKEY_ED25519:
        return 2;
    default:
        return 3;
    }
}

static struct entry *find_entry(const struct loading *loading, const char *text, size_t count)
{
    for (uint32_t i = 0; i < loading->entry_count; i++)
        if (strlen(loading->entries[i].text) == count &&
            memcmp(loading->entries[i].text, text, count) == 0)
            return &loading->entries[i];
    return NULL;
}

static struct entry *add_entry(struct loading *loading, const char *text, size_t count)
{
    if (loading->entry_count == loading->entry_capacity) {
        uint32_t capacity = loading->entry_capacity == 0 ? 16 : 2 * loading->entry_capacity;
        struct entry *grown = realloc(loading->entries, capacity * sizeof *grown);
        if (grown == NULL || capacity > NAMES_MAX)
            return NULL;
        loading->entries = grown;
        loading->entry_capacity = capacity;
    }
    struct entry *entry = &loading->entries[loading->entry_count];
    if ((entry->text = strndup(text, count)) == NULL)
        return NULL;
    for (int i = 0; i < KEY_TYPES; i++)
        entry->places[i] = -1;
    loading->entry_count++;
    return entry;
}

/* A name of the current pair. Of several certificates of one type the first that was listed
 * counts. */
static bool take_name(void *context, const char *name, size_t count)
{
    struct loading *loading = context;
    if (count > 1 && name[0] == '*' && name[1] == '.') {
        name++;
        count--;
    }
    struct entry *entry = find_entry(loading, name, count);
    if (entry == NULL && (entry = add_entry(loading, name, count)) == NULL)
        return false;
    int32_t *place = &entry->places[key_type(&loading->pairs[loading->current])];
    if (*place < 0)
        *place = (int32_t) loading->current;
    return true;
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(((const struct vn_tls_name *) one)->text,
                  ((const struct vn_tls_name *) other)->text);
}

/* ---- Contexts ---- */

static SSL_CTX *make_context(struct loading *loading, const int32_t places[KEY_TYPES])
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool is_made = context != NULL && loading->setup(loading->setup_context, context);
    if (!is_made) {
        vn_tls_error_fill(loading->error, "TLS cannot be set up");
        SSL_CTX_free(context);
        return NULL;
    }
    for (int i = 0; i < KEY_TYPES; i++) {
        if (places[i] < 0)
            continue;
        const struct vn_tls_pair *pair = &loading->pairs[places[i]];
        if (SSL_CTX_use_cert_and_key(context, pair->leaf, pair->key, pair->chain, 1) != 1) {
            vn_tls_error_fill(loading->error, "certificate %d cannot be used", places[i] + 1);
            SSL_CTX_free(context);
            return NULL;
        }
    }
    return context;
}

/* That of a set of certificates, made once. */
static SSL_CTX *context_for(struct loading *loading, const int32_t places[KEY_TYPES])
{
    struct vn_tls_identity *identity = loading->identity;
    for (uint32_t i = 0; i < identity->context_count; i++)
        if (memcmp(loading->sets[i].places, places, sizeof loading->sets[i].places) == 0)
            return identity->contexts[i];
    SSL_CTX *context = make_context(loading, places);
    if (context == NULL)
        return NULL;
    memcpy(loading->sets[identity->context_count].places, places, sizeof loading->sets[0].places);
    identity->contexts[identity->context_count++] = context;
    return context;
}

/* The first certificate, with those of other types that have its first name. */
static bool make_fallback(struct loading *loading)
{
    int32_t places[KEY_TYPES] = {-1, -1, -1, -1};
    const struct entry *named = NULL;
    int32_t type = key_type(&loading->pairs[0]);
    for (uint32_t i = 0; i < loading->entry_count && named == NULL; i++)
        if (loading->entries[i].places[type] == 0)
            named = &loading->entries[i];
    if (named != NULL)
        memcpy(places, named->places, sizeof places);
    places[type] = 0;
    loading->identity->fallback = context_for(loading, places);
    return loading->identity->fallback != NULL;
}

static bool make_names(struct loading *loading)
{
    struct vn_tls_identity *identity = loading->identity;
    for (uint32_t i = 0; i < loading->entry_count; i++) {
        struct entry *entry = &loading->entries[i];
        SSL_CTX *context = context_for(loading, entry->places);
        if (context == NULL)
            return false;
        identity->names[identity->name_count++] = (struct vn_tls_name) {entry->text, context};
        entry->text = NULL;
    }
    qsort(identity->names, identity->name_count, sizeof *identity->names, compare_names);
    return true;
}

/* ---- Loading ---- */

static bool load_pairs(struct loading *loading)
{
    uint32_t count = loading->config->certificate_count;
    for (uint32_t i = 0; i < count; i++) {
        if (vn_tls_pair_load(&loading->pairs[i], loading->config, i, loading->error) < 0)
            return false;
        loading->loaded++;
        loading->current = i;
        if (!vn_tls_pair_names(&loading->pairs[i], take_name, loading)) {
            vn_tls_error_fill(loading->error, "there are too many names");
            return false;
        }
    }
    return true;
}

/* A staple that cannot be used is complained of, and goes no further. */
static bool load_staple(struct vn_tls_leaf *leaf, const char *file, const struct vn_tls_pair *pair)
{
    vn_tls_error error;
    if (file == NULL ||
        vn_tls_staple_load(&leaf->staple, file, pair->leaf, pair->chain, &error) == 0)
        return true;
    return (leaf->complaint = strdup(error.message)) != NULL;
}

static bool note_leaves(struct loading *loading)
{
    struct vn_tls_identity *identity = loading->identity;
    identity->leaves = calloc(loading->loaded, sizeof *identity->leaves);
    if (identity->leaves == NULL)
        return false;
    for (uint32_t i = 0; i < loading->loaded; i++) {
        const vn_tls_certificate *from = &loading->config->certificates[i];
        const struct vn_tls_pair *pair = &loading->pairs[i];
        char number[32];
        snprintf(number, sizeof number, "%u", i + 1);
        struct vn_tls_leaf *leaf = &identity->leaves[identity->leaf_count++];
        leaf->source = strdup(from->chain_file == NULL ? number : from->chain_file);
        X509_up_ref(pair->leaf);
        leaf->certificate = pair->leaf;
        if (leaf->source == NULL || !load_staple(leaf, from->staple_file, pair))
            return false;
    }
    return true;
}

static bool make_identity(struct loading *loading)
{
    struct vn_tls_identity *identity = calloc(1, sizeof *identity);
    loading->identity = identity;
    if (identity == NULL)
        return false;
    atomic_init(&identity->references, 1);
    size_t most = (size_t) loading->entry_count + 1; /* of the fallback */
    identity->names = calloc(most, sizeof *identity->names);
    identity->contexts = calloc(most, sizeof *identity->contexts);
    loading->sets = calloc(most, sizeof *loading->sets);
    if (identity->names == NULL || identity->contexts == NULL || loading->sets == NULL ||
        !note_leaves(loading)) {
        vn_tls_error_fill(loading->error, "out of memory");
        return false;
    }
    return make_fallback(loading) && make_names(loading);
}

struct vn_tls_identity *vn_tls_identity_load(const vn_tls_config *config, vn_tls_setup *setup,
                                             void *setup_context, vn_tls_error *error)
{
    struct loading loading = {
        .config = config, .setup = setup, .setup_context = setup_context, .error = error};
    loading.pairs = calloc(config->certificate_count, sizeof *loading.pairs);
    if (loading.pairs == NULL || !load_pairs(&loading) || !make_identity(&loading)) {
        vn_tls_identity_release(loading.identity);
        loading.identity = NULL;
    }
    for (uint32_t i = 0; i < loading.loaded; i++)
        vn_tls_pair_free(&loading.pairs[i]);
    for (uint32_t i = 0; i < loading.entry_count; i++)
        free(loading.entries[i].text);
    free(loading.pairs);
    free(loading.entries);
    free(loading.sets);
    return loading.identity;
}

void vn_tls_identity_release(struct vn_tls_identity *identity)
{
    if (identity == NULL ||
        atomic_fetch_sub_explicit(&identity->references, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < identity->name_count; i++)
        free(identity->names[i].text);
    for (uint32_t i = 0; i < identity->context_count; i++)
        SSL_CTX_free(identity->contexts[i]);
    for (uint32_t i = 0; i < identity->leaf_count; i++) {
        free(identity->leaves[i].source);
        free(identity->leaves[i].complaint);
        X509_free(identity->leaves[i].certificate);
        vn_tls_staple_free(&identity->leaves[i].staple);
    }
    free(identity->leaves);
    free(identity->names);
    free(identity->contexts);
    free(identity);
}

/* ---- Finding ---- */

bool vn_tls_identity_show_staple(const struct vn_tls_identity *identity, SSL *ssl)
{
    const X509 *chosen = SSL_get_certificate(ssl);
    for (uint32_t i = 0; i < identity->leaf_count; i++)
        if (identity->leaves[i].certificate == chosen)
            return vn_tls_staple_show(&identity->leaves[i].staple, ssl);
    return false;
}

static SSL_CTX *find_text(const struct vn_tls_identity *identity, char *text)
{
    const struct vn_tls_name wanted = {.text = text};
    const struct vn_tls_name *found =
        bsearch(&wanted, identity->names, identity->name_count, sizeof wanted, compare_names);
    return found == NULL ? NULL : found->context;
}

SSL_CTX *vn_tls_identity_find(const struct vn_tls_identity *identity, const uint8_t *name,
                              size_t count)
{
    char text[NAME_MAX_COUNT + 1];
    if (count == 0 || count > NAME_MAX_COUNT)
        return identity->fallback;
    for (size_t i = 0; i < count; i++) {
        if (name[i] == 0)
            return identity->fallback;
        text[i] = (char) tolower(name[i]);
    }
    text[count - (text[count - 1] == '.')] = '\0';
    SSL_CTX *context = text[0] == '.' ? NULL : find_text(identity, text);
    if (context != NULL)
        return context;
    /* A wildcard stands for one label, which is not empty. */
    char *rest = strchr(text, '.');
    context = rest == NULL || rest == text ? NULL : find_text(identity, rest);
    return context != NULL ? context : identity->fallback;
}
