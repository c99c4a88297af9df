// SPDX-License-Identifier: MIT
/* CBrotli.h - nothing: CVanillaCompression, which is C, includes the library's own headers. It
 * names the library to the package manager. */
#ifndef CBROTLI_H
#define CBROTLI_H

#endif
