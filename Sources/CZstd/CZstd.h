// SPDX-License-Identifier: MIT
/* CZstd.h - nothing: CVanillaCompression, which is C, includes the library's own headers. It names
 * the library to the package manager. */
#ifndef CZSTD_H
#define CZSTD_H

#endif
