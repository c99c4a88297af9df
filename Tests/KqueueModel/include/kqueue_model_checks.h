// SPDX-License-Identifier: MIT
/* kqueue_model_checks.h - what kqueue(2) says, checked of the model. */
#ifndef KQUEUE_MODEL_CHECKS_H
#define KQUEUE_MODEL_CHECKS_H

#include <stdint.h>

/* The sentence that is number `index`, from 0 on; NULL after the last. */
const char *kqueue_model_sentence(int32_t index);

/* NULL, or what is wrong. */
const char *kqueue_model_check(int32_t index);

#endif
