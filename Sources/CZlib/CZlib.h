// SPDX-License-Identifier: MIT
/* CZlib.h - nothing: CVanillaCompression, which is C, includes the library's own headers. It names
 * the library to the package manager. */
#ifndef CZLIB_H
#define CZLIB_H

#endif
