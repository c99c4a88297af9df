// SPDX-License-Identifier: MIT
/* list.h - a circular doubly linked list whose links live in its elements. A list is a link that
 * starts as its own neighbour. */
#ifndef VN_BASE_LIST_H
#define VN_BASE_LIST_H

#include "base.h"

struct vn_link {
    struct vn_link *next;
    struct vn_link *previous;
};

static inline void vn_list_init(struct vn_link *list)
{
    list->next = list;
    list->previous = list;
}

static inline bool vn_list_is_empty(const struct vn_link *list)
{
    return list->next == list;
}

static inline void vn_list_append(struct vn_link *list, struct vn_link *link)
{
    link->next = list;
    link->previous = list->previous;
    list->previous->next = link;
    list->previous = link;
}

/* Leaves `link` as a list of its own, so that removing twice is harmless. */
static inline void vn_list_remove(struct vn_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    vn_list_init(link);
}

#endif
