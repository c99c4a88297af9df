// SPDX-License-Identifier: MIT
/* CVanillaIO.h - everything that a C program needs to serve HTTP/1.1. */
#ifndef CVANILLAIO_H
#define CVANILLAIO_H

#include "vn_detached.h"
#include "vn_coder.h"
#include "vn_codings.h"
#include "vn_conditional.h"
#include "vn_date.h"
#include "vn_exchange.h"
#include "vn_file.h"
#include "vn_hub.h"
#include "vn_multipart.h"
#include "vn_offline.h"
#include "vn_ranges.h"
#include "vn_request.h"
#include "vn_response.h"
#include "vn_server.h"
#include "vn_websocket.h"
#include "vn_worker.h"

#endif
